package dev.tidemill.curator.domain;

import dev.tidemill.schemas.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;

/// Normalises text and makes digests of it.
public final class Texts {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private Texts() {}

  /// The text in NFC, lines ended by LF alone, without control characters (but tab), byte order
  /// marks, spaces at the end of lines, and blank lines before and behind. Idempotent.
  public static String normalise(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\r') {
        boolean crlf = i + 1 < text.length() && text.charAt(i + 1) == '\n';
        if (!crlf) {
          endLine(out);
        }
      } else if (c == '\n') {
        endLine(out);
      } else if (c == '\t' || !(Character.isISOControl(c) || c == BYTE_ORDER_MARK)) {
        out.append(c);
      }
    }
    trimEnd(out, true);
    // Last, because what was taken out may have stood between a letter and its accent.
    return Normalizer.normalize(out, Normalizer.Form.NFC);
  }

  /// The text as keys compare it: normalised, in lower case, runs of white space as one space.
  public static String folded(String text) {
    return normalise(text).toLowerCase(Locale.ROOT).replaceAll("\\s+", " ").strip();
  }

  /// `sha256:hex` of the text in UTF-8.
  public static String digest(String text) {
    return "sha256:" + Sha256.hex(text.getBytes(StandardCharsets.UTF_8));
  }

  /// SHA-256, in hex, of the parts; each is preceded by its length, so that no two lists of parts
  /// look alike.
  public static String hash(String... parts) {
    StringBuilder all = new StringBuilder();
    for (String part : parts) {
      all.append(part.length()).append(':').append(part);
    }
    return Sha256.hex(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  /// The first 64 bits of the SHA-256 of the text in UTF-8.
  public static long hash64(String text) {
    return ByteBuffer.wrap(Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8))).getLong();
  }

  private static void endLine(StringBuilder out) {
    trimEnd(out, false);
    if (!out.isEmpty()) {
      out.append('\n');
    }
  }

  private static void trimEnd(StringBuilder out, boolean newlines) {
    int end = out.length();
    while (end > 0 && (blank(out.charAt(end - 1)) || (newlines && out.charAt(end - 1) == '\n'))) {
      end--;
    }
    out.setLength(end);
  }

  private static boolean blank(char c) {
    return c == ' ' || c == '\t' || c == '\u00A0';
  }
}
