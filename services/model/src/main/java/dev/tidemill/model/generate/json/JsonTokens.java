package dev.tidemill.model.generate.json;

import dev.tidemill.model.tokenizer.TokenBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Which tokens of a vocabulary may follow in a JSON object, and how far the object is from its end
/// after each. Worked out once for each state of the grammar and kept for the states met last.
/// Used by one thread.
public final class JsonTokens {
  /// Every state within the strings of one nesting is the same, so few are met again and again.
  private static final int MOST_STATES = 256;

  /// The bytes of which every shortest ending is made.
  private static final byte[] ENDINGS =
      "{}]\":0truefalsenull\u0080\u0090\u00a0".getBytes(StandardCharsets.ISO_8859_1);

  private static final byte NEVER = -1;

  private final byte[][] tokens;
  private final Map<Long, byte[]> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
          return size() > MOST_STATES;
        }
      };

  /// @param ends the tokens that end answers, which are none of an object's
  /// @throws IllegalArgumentException when [#whyNot] has a reason
  public JsonTokens(TokenBytes vocabulary, IntPredicate ends) {
    @Nullable String reason = whyNot(vocabulary);
    if (reason != null) {
      throw new IllegalArgumentException(reason);
    }
    tokens = new byte[vocabulary.size()][];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = ends.test(i) || vocabulary.special(i) ? new byte[0] : vocabulary.of(i);
    }
  }

  /// Why objects cannot be warranted with a vocabulary; null when they can.
  public static @Nullable String whyNot(TokenBytes vocabulary) {
    if (!vocabulary.exact()) {
      return "the tokenizer does not say which bytes its tokens stand for";
    }
    for (byte each : ENDINGS) {
      if (!vocabulary.single(each)) {
        return "the tokenizer has no token for the byte 0x%02x".formatted(each & 0xff);
      }
    }
    return null;
  }

  /// For each token, the bytes that are missing to the end of the object after it, or less than
  /// zero when it may not come in this state. Not to be changed.
  byte[] left(long state) {
    byte @Nullable [] found = known.get(state);
    if (found != null) {
      return found;
    }
    long[] first = new long[256];
    for (int i = 0; i < first.length; i++) {
      first[i] = JsonGrammar.next(state, i);
    }
    byte[] left = new byte[tokens.length];
    for (int i = 0; i < left.length; i++) {
      byte[] token = tokens[i];
      long after = token.length == 0 ? JsonGrammar.NO : first[token[0] & 0xff];
      for (int at = 1; at < token.length && after != JsonGrammar.NO; at++) {
        after = JsonGrammar.next(after, token[at] & 0xff);
      }
      left[i] = after == JsonGrammar.NO ? NEVER : (byte) JsonGrammar.left(after);
    }
    known.put(state, left);
    return left;
  }

  /// The state after a token that may come.
  long after(long state, int token) {
    long after = state;
    for (byte each : tokens[token]) {
      after = JsonGrammar.next(after, each & 0xff);
      if (after == JsonGrammar.NO) {
        throw new IllegalArgumentException(
            "Token " + token + " " + Arrays.toString(tokens[token]) + " may not come here.");
      }
    }
    return after;
  }
}
