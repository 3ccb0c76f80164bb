package dev.tidemill.model.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.JsonFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// What `tokenizer.json` says about its tokens, beside what the binding does with them.
final class Vocabulary {
  /// More than any published vocabulary has: beyond it a number is taken for damage.
  private static final int MOST_TOKENS = 1 << 24;

  private final int size;
  private final Map<String, Integer> ids;
  private final List<String> special;
  private final int[] byteLengths;
  private final TokenBytes bytes;

  private Vocabulary(
      int size,
      Map<String, Integer> ids,
      List<String> special,
      int[] byteLengths,
      TokenBytes bytes) {
    this.size = size;
    this.ids = ids;
    this.special = special;
    this.byteLengths = byteLengths;
    this.bytes = bytes;
  }

  static Vocabulary read(Path file) {
    JsonFile json = JsonFile.read(file);
    JsonNode vocabulary = json.root().path("model").path("vocab");
    Map<String, Integer> ids = new HashMap<>();
    int size = 0;
    if (vocabulary.isObject()) {
      for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
        ids.put(entry.getKey(), number(json, "model.vocab", entry.getKey(), entry.getValue()));
      }
    } else if (vocabulary.isArray()) {
      for (JsonNode entry : vocabulary) {
        ids.put(entry.path(0).asText(), ids.size());
      }
    } else {
      throw json.fault("model.vocab", "is missing");
    }
    List<String> special = new ArrayList<>();
    for (JsonNode token : json.root().path("added_tokens")) {
      String content = token.path("content").asText();
      ids.put(content, number(json, "added_tokens", content, token.path("id")));
      if (token.path("special").asBoolean()) {
        special.add(content);
      }
    }
    for (int id : ids.values()) {
      size = Math.max(size, id + 1);
    }
    boolean byteLevel = json.root().path("decoder").path("type").asText().equals("ByteLevel");
    int[] lengths = new int[byteLevel ? size : 0];
    if (byteLevel) {
      // Every character of a byte-level token stands for one byte.
      ids.forEach((token, id) -> lengths[id] = token.codePointCount(0, token.length()));
      special.forEach(token -> lengths[ids.getOrDefault(token, 0)] = 0);
    }
    List<String> added = new ArrayList<>();
    json.root().path("added_tokens").forEach(token -> added.add(token.path("content").asText()));
    TokenBytes bytes = new TokenBytes(ids, added, special, json.root().path("decoder"));
    return new Vocabulary(size, Map.copyOf(ids), List.copyOf(special), lengths, bytes);
  }

  private static int number(JsonFile json, String key, String token, JsonNode id) {
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() >= MOST_TOKENS) {
      throw json.fault(key, "gives the token " + token + " the number " + id);
    }
    return id.intValue();
  }

  TokenBytes bytes() {
    return bytes;
  }

  OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /// One more than the highest number.
  int size() {
    return size;
  }

  /// The bytes that tokens stand for, or -1 when this kind of vocabulary does not tell.
  long utf8Length(int[] tokens) {
    if (byteLengths.length == 0) {
      return -1;
    }
    long length = 0;
    for (int token : tokens) {
      length += token >= 0 && token < byteLengths.length ? byteLengths[token] : 0;
    }
    return length;
  }

  /// The text with every special token written out in it dropped, until none is left.
  String withoutSpecial(String text) {
    String clean = text;
    boolean found = true;
    while (found) {
      found = false;
      for (String token : special) {
        if (!token.isEmpty() && clean.contains(token)) {
          clean = clean.replace(token, "");
          found = true;
        }
      }
    }
    return clean;
  }
}
