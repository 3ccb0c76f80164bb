package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.asciiLetter;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.digit;
import static dev.tidemill.curator.text.pii.Chars.space;

import com.google.re2j.Pattern;

/// Finds secrets: keys and tokens of well-known shapes, JSON web tokens, private keys in PEM, user
/// and password in addresses, and what is assigned to a name that speaks of a secret and looks
/// random. Digests, UUIDs and class names are none of these.
final class SecretDetector implements Detector {
  private static final int LONGEST_TOKEN = 4_096;
  private static final int SHORTEST_TOKEN = 15;
  private static final int MOST_TRIES = 4;

  /// Tokens whose issuer gave them a shape. A token is what stands between white space, quotes,
  /// brackets and assignments.
  private static final Pattern SHAPES =
      Pattern.compile(
          "(?:AKIA|ASIA|AROA|AIDA|AGPA)[A-Z0-9]{16}"
              + "|gh[pousr]_[A-Za-z0-9]{36,255}"
              + "|github_pat_[A-Za-z0-9_]{22,255}"
              + "|gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{20,64}"
              + "|sk-(?:[a-z0-9]+-)*[A-Za-z0-9_-]{20,200}"
              + "|xox[abeoprs]-[A-Za-z0-9-]{10,250}"
              + "|xapp-[0-9]-[A-Za-z0-9-]{20,200}"
              + "|AIza[A-Za-z0-9_-]{35}"
              + "|ya29\\.[A-Za-z0-9_-]{20,300}"
              + "|GOCSPX-[A-Za-z0-9_-]{28}"
              + "|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,120}"
              + "|whsec_[A-Za-z0-9]{24,64}"
              + "|npm_[A-Za-z0-9]{36}"
              + "|pypi-[A-Za-z0-9_-]{32,300}"
              + "|hf_[A-Za-z0-9]{30,60}"
              + "|SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}"
              + "|key-[0-9a-f]{32}"
              + "|SK[0-9a-f]{32}"
              + "|do[opr]_v1_[a-f0-9]{64}"
              + "|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
              + "|dckr_pat_[A-Za-z0-9_-]{20,64}"
              + "|(?:hvs|hvb)\\.[A-Za-z0-9_-]{24,200}"
              + "|lin_api_[A-Za-z0-9]{32,64}"
              + "|sq0[a-z]{3}-[A-Za-z0-9_-]{22,60}"
              + "|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"
              + "|eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*"
              + "|https://hooks\\.slack\\.com/services/[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]{16,}");

  private static final byte DIGIT = 2;
  private static final byte MARK = 4;
  private static final byte[] KINDS = kinds();
  private static final String BEGIN = "-----BEGIN ";
  private static final String KEY = "PRIVATE KEY";

  @Override
  public void find(String text, Spans found) {
    privateKeys(text, found);
    tokens(text, found);
    for (int i = text.indexOf("://"); i >= 0; i = text.indexOf("://", i + 3)) {
      credentials(text, i + 3, found);
    }
    Assignments.find(text, found);
  }

  private static void privateKeys(String text, Spans found) {
    for (int i = text.indexOf(BEGIN); i >= 0; i = text.indexOf(BEGIN, i + 1)) {
      int close = text.indexOf("-----", i + BEGIN.length());
      if (close < 0 || close - i > 60 || !text.substring(i, close).contains(KEY)) {
        continue;
      }
      String footer = "-----END " + text.substring(i + BEGIN.length(), close) + "-----";
      int end = text.indexOf(footer, close);
      // What is cut off is still a key.
      found.add(i, end < 0 ? text.length() : end + footer.length(), PiiKind.SECRET);
      if (end < 0) {
        return;
      }
      i = end;
    }
  }

  private static void tokens(String text, Spans found) {
    int start = 0;
    int kinds = 0;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : ' ';
      int kind = c < 0x80 ? KINDS[c] : 0;
      if (kind != 0) {
        kinds |= kind;
        continue;
      }
      if (i - start >= SHORTEST_TOKEN && (kinds & MARK) != 0 && (kinds & DIGIT) != 0) {
        token(text, start, i, found);
      }
      start = i + 1;
      kinds = 0;
    }
  }

  // Tokens follow names and signs that belong to them or do not, as in `token:ghp_...` or
  // `(AKIA...)`: it may begin behind each sign.
  private static void token(String text, int start, int end, Spans found) {
    int to = end;
    while (to > start && ".:-/".indexOf(text.charAt(to - 1)) >= 0) {
      to--;
    }
    int tries = 0;
    int from = Math.max(start, to - LONGEST_TOKEN);
    for (; to - from >= SHORTEST_TOKEN && tries < MOST_TRIES; from++) {
      boolean begins = from == start || ":/".indexOf(text.charAt(from - 1)) >= 0;
      if (begins && promising(text, from)) {
        tries++;
        if (SHAPES.matcher(text.substring(from, to)).matches()) {
          found.add(from, to, PiiKind.SECRET);
          return;
        }
      }
    }
  }

  // Nearly no token begins like one of the shapes; the patterns are for those that do.
  private static boolean promising(String text, int i) {
    return switch (text.charAt(i)) {
      case 'A' -> "KSRIG".indexOf(at(text, i + 1)) >= 0;
      case 'g' -> at(text, i + 1) == 'h' || at(text, i + 1) == 'i' || at(text, i + 1) == 'l';
      case 's' -> "khq".indexOf(at(text, i + 1)) >= 0;
      case 'x' -> at(text, i + 1) == 'o' || at(text, i + 1) == 'a';
      case 'y' -> text.startsWith("ya29", i);
      case 'G' -> text.startsWith("GOCSPX-", i);
      case 'r', 'p' -> at(text, i + 1) == 'k' || at(text, i + 1) == 'y';
      case 'w' -> text.startsWith("whsec_", i);
      case 'n' -> text.startsWith("npm_", i);
      case 'h' ->
          text.startsWith("hf_", i)
              || text.startsWith("hv", i)
              || text.startsWith("https://hooks", i);
      case 'S' -> at(text, i + 1) == 'G' || at(text, i + 1) == 'K';
      case 'k' -> text.startsWith("key-", i);
      case 'd' -> at(text, i + 1) == 'o' || at(text, i + 1) == 'c';
      case 'l' -> text.startsWith("lin_api_", i);
      case 'e' -> text.startsWith("eyJ", i);
      default -> digit(text.charAt(i)) && botToken(text, i);
    };
  }

  private static boolean botToken(String text, int i) {
    for (int colon = i + 8; colon <= i + 10; colon++) {
      if (text.startsWith(":AA", colon)) {
        return true;
      }
    }
    return false;
  }

  /// What a character may be in a token: nothing, a letter, a digit, or what words rarely have.
  private static byte[] kinds() {
    byte[] kinds = new byte[0x80];
    for (char c = 0; c < kinds.length; c++) {
      kinds[c] = (byte) (digit(c) ? DIGIT : c >= 'A' && c <= 'Z' ? MARK : asciiLetter(c) ? 1 : 0);
    }
    for (char c : "_-.:/".toCharArray()) {
      kinds[c] = MARK;
    }
    return kinds;
  }

  // https://user:password@host
  private static void credentials(String text, int start, Spans found) {
    int colon = -1;
    for (int i = start; i < text.length() && i - start < 256; i++) {
      char c = text.charAt(i);
      if (c == '@') {
        if (colon > start && i > colon + 1) {
          found.add(start, i, PiiKind.SECRET);
        }
        return;
      }
      if (c == ':') {
        if (colon >= 0) {
          return;
        }
        colon = i;
      } else if (c == '/' || c == '"' || c == '\n' || c == '<' || space(c)) {
        return;
      }
    }
  }
}
