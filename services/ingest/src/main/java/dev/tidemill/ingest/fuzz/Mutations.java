package dev.tidemill.ingest.fuzz;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;

/// Breaks sound JSON in the ways in which clients do: pieces are lost, doubled or swapped for
/// shards of other JSON, keys and values are others than was agreed.
public final class Mutations {
  private static final List<String> SHARDS =
      List.of(
          "null",
          "[]",
          "{}",
          "-1",
          "1e400",
          "\"\"",
          "\\ud800",
          "\\u0000",
          "\"",
          "}",
          "]",
          ",",
          "true",
          "99999999999999999999",
          "\"id\":1",
          "\n",
          "  ",
          "\uFEFF",
          "[[[[[",
          "0x1",
          "'");
  private static final List<Kind> KINDS = List.of(Kind.values());
  private static final int LONGEST = 12;

  private enum Kind {
    LOST,
    INSERTED,
    SWAPPED,
    DOUBLED,
    KEY_RENAMED,
    KEY_NUMBERED,
    VALUE_SWAPPED
  }

  private final RandomGenerator random;

  /// @param random decides all; the same numbers give the same mutations
  public Mutations(RandomGenerator random) {
    this.random = random;
  }

  /// The text after up to so many mutations, or as it is.
  public String mutated(String text, int most) {
    String changed = text;
    for (int edits = random.nextInt(most + 1); edits > 0; edits--) {
      changed = mutated(changed);
    }
    return changed;
  }

  /// Noise that is no text, shorter than this.
  public byte[] noise(int length) {
    byte[] noise = new byte[random.nextInt(length)];
    random.nextBytes(noise);
    return noise;
  }

  private String mutated(String text) {
    int at = random.nextInt(text.length() + 1);
    int to = Math.min(text.length(), at + random.nextInt(LONGEST));
    String shard = SHARDS.get(random.nextInt(SHARDS.size()));
    return switch (KINDS.get(random.nextInt(KINDS.size()))) {
      case LOST -> text.substring(0, at) + text.substring(to);
      case INSERTED -> text.substring(0, at) + shard + text.substring(at);
      case SWAPPED -> text.substring(0, at) + shard + text.substring(to);
      case DOUBLED -> text + "\n" + text;
      case KEY_RENAMED -> withKey(text, String.valueOf((char) ('a' + random.nextInt(26))));
      case KEY_NUMBERED -> withKey(text, String.valueOf(shard.length()));
      case VALUE_SWAPPED -> text.replaceFirst(":\"[^\"]*\"", ":" + Matcher.quoteReplacement(shard));
    };
  }

  private static String withKey(String text, String key) {
    return text.replaceFirst("\"[a-z_]+\":", "\"" + key + "\":");
  }
}
