package dev.tidemill.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The bytes that each token of a vocabulary stands for in a text. Safe for use by any thread.
public final class TokenBytes {
  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
  private static final byte[] NOTHING = new byte[0];

  private final byte[][] bytes;
  private final boolean[] special;
  private final boolean exact;
  private final boolean[] singles = new boolean[256];

  /// @param ids every token's number, added ones included
  /// @param added tokens that stand for their own text
  /// @param special of those, the ones that are no text
  /// @param decoder what `tokenizer.json` says about the way back to text
  TokenBytes(
      Map<String, Integer> ids,
      Collection<String> added,
      Collection<String> special,
      JsonNode decoder) {
    int size = 0;
    for (int id : ids.values()) {
      size = Math.max(size, id + 1);
    }
    boolean byteLevel = decoder.path("type").asText().equals("ByteLevel");
    boolean byteFallback = decoder.toString().contains("\"ByteFallback\"");
    this.exact = byteLevel || byteFallback;
    this.bytes = new byte[size][];
    this.special = new boolean[size];
    Arrays.fill(bytes, NOTHING);
    Map<Character, Byte> alphabet = alphabet();
    ids.forEach(
        (token, id) ->
            bytes[id] = byteLevel ? fromAlphabet(token, alphabet) : fromPiece(token, byteFallback));
    added.forEach(
        token ->
            bytes[Objects.requireNonNull(ids.get(token))] = token.getBytes(StandardCharsets.UTF_8));
    special.forEach(token -> this.special[Objects.requireNonNull(ids.get(token))] = true);
    for (int id = 0; id < size; id++) {
      if (bytes[id].length == 1 && !this.special[id]) {
        singles[bytes[id][0] & 0xff] = true;
      }
    }
  }

  /// One more than the highest token.
  public int size() {
    return bytes.length;
  }

  /// Whether the text of an answer is these bytes exactly, one token after the other; not every
  /// kind of vocabulary says.
  public boolean exact() {
    return exact;
  }

  /// Whether a token is no text, as the end of a turn, or is not in the vocabulary.
  public boolean special(int token) {
    return token < 0 || token >= special.length || special[token];
  }

  /// A token's bytes: a special token's are its name.
  public byte[] of(int token) {
    return token < 0 || token >= bytes.length ? NOTHING : bytes[token].clone();
  }

  /// Whether some token stands for this byte alone.
  public boolean single(byte value) {
    return singles[value & 0xff];
  }

  /// A token's text; one that is no whole characters as `bytes:\xe2\x80`.
  public String text(int token) {
    byte[] own = of(token);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(own)).toString();
    } catch (CharacterCodingException partial) {
      StringBuilder text = new StringBuilder("bytes:");
      for (byte each : own) {
        text.append("\\x%02x".formatted(each & 0xff));
      }
      return text.toString();
    }
  }

  private static byte[] fromAlphabet(String token, Map<Character, Byte> alphabet) {
    byte[] own = new byte[token.length()];
    for (int i = 0; i < own.length; i++) {
      Byte value = alphabet.get(token.charAt(i));
      if (value == null) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      own[i] = value;
    }
    return own;
  }

  // SentencePiece writes a space as U+2581, and bytes that are no piece as <0x0A>.
  private static byte[] fromPiece(String token, boolean byteFallback) {
    Matcher matcher = BYTE.matcher(token);
    return byteFallback && matcher.matches()
        ? new byte[] {(byte) Integer.parseInt(matcher.group(1), 16)}
        : token.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
  }

  private static Map<Character, Byte> alphabet() {
    Map<Character, Byte> alphabet = new HashMap<>();
    for (int value = 0; value < 256; value++) {
      alphabet.put(ByteAlphabet.character(value), (byte) value);
    }
    return alphabet;
  }
}
