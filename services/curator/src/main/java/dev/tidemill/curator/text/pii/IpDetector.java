package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.alphanumeric;
import static dev.tidemill.curator.text.pii.Chars.asciiLetter;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.digit;
import static dev.tidemill.curator.text.pii.Chars.hex;

/// Finds IP addresses that may be somebody's. Loopback, unspecified, broadcast and netmasks are
/// nobody's and stay; so do version numbers of four parts, which are told by what stands before
/// them.
final class IpDetector implements Detector {
  private static final int LONGEST = 45;

  @Override
  public void find(String text, Spans found) {
    for (int i = text.indexOf(':'); i >= 0; i = text.indexOf(':', i + 1)) {
      i = Math.max(i, six(text, i, found) - 1);
    }
    for (int dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', dot + 1)) {
      if (digit(at(text, dot - 1)) && digit(at(text, dot + 1))) {
        int behind = four(text, dot, found);
        dot = Math.max(dot, behind - 1);
      }
    }
  }

  /// Reads the run of numbers and dots around a dot, and returns the index behind it.
  private static int four(String text, int dot, Spans found) {
    int start = dot;
    while (start > 0 && dot - start < 4 && digit(text.charAt(start - 1))) {
      start--;
    }
    long address = 0;
    int parts = 0;
    int i = start;
    boolean sound = true;
    while (true) {
      int from = i;
      int value = 0;
      while (i < text.length() && digit(text.charAt(i))) {
        value = Math.min(1_000, value * 10 + text.charAt(i) - '0');
        i++;
      }
      sound &= value <= 255 && i - from <= 3 && (i - from == 1 || text.charAt(from) != '0');
      address = (address << 8) | (value & 0xFF);
      parts++;
      if (at(text, i) != '.' || !digit(at(text, i + 1))) {
        break;
      }
      i++;
    }
    if (sound
        && parts == 4
        && dot - start <= 3
        && !nobodys(address)
        && !partOfMore(text, start, i)
        && !version(text, start)) {
      found.add(start, i, PiiKind.IP);
    }
    return i;
  }

  private static boolean nobodys(long address) {
    long first = address >>> 24;
    return first == 127 || first == 0 || first == 255 || address == 0xFFFFFFFFL;
  }

  private static boolean partOfMore(String text, int start, int end) {
    char before = at(text, start - 1);
    char after = at(text, end);
    return alphanumeric(before)
        || before == '.'
        || before == '_'
        || before == '-'
        || alphanumeric(after)
        || after == '_'
        || (after == '-' && asciiLetter(at(text, end + 1)));
  }

  /// Whether the words before speak of a version or a place in a text: `version 4.3.1.0`,
  /// `Chrome/91.0.44.1`, `section 2.1.3.4`.
  private static boolean version(String text, int start) {
    char before = at(text, start - 1);
    if (before == '/') {
      return alphanumeric(at(text, start - 2));
    }
    return Words.before(text, start, Words.VERSION, 2);
  }

  /// Reads an address of version 6 around a colon, and returns the index behind what was read.
  private static int six(String text, int colon, Spans found) {
    int start = colon;
    while (start > 0 && colon - start < LONGEST && part(text.charAt(start - 1))) {
      start--;
    }
    int end = colon;
    while (end < text.length() && end - start < LONGEST + 1 && part(text.charAt(end))) {
      end++;
    }
    int behind = end;
    // A sentence may end behind an address, a port may not.
    while (end > start && (at(text, end - 1) == '.' || singleColon(text, end))) {
      end--;
    }
    int from = start;
    while (from < end && singleColonBefore(text, from)) {
      from++;
    }
    if (end - from > LONGEST || end - from < 3) {
      return behind;
    }
    char before = at(text, from - 1);
    if (alphanumeric(before) || before == '_' || before == '-' || before == '.') {
      return behind;
    }
    int zone = zone(text, end);
    char after = at(text, zone);
    if (alphanumeric(after) || after == '_' || after == ':') {
      return behind;
    }
    if (Ipv6.somebodys(text.substring(from, end))) {
      found.add(from, zone, PiiKind.IP);
    }
    return behind;
  }

  private static boolean part(char c) {
    return hex(c) || c == ':' || c == '.';
  }

  private static boolean singleColon(String text, int end) {
    return at(text, end - 1) == ':' && at(text, end - 2) != ':';
  }

  private static boolean singleColonBefore(String text, int from) {
    return (text.charAt(from) == ':' && at(text, from + 1) != ':') || text.charAt(from) == '.';
  }

  private static int zone(String text, int end) {
    if (at(text, end) != '%' || !asciiLetter(at(text, end + 1))) {
      return end;
    }
    int i = end + 1;
    while (i < text.length() && i - end < 16 && alphanumeric(text.charAt(i))) {
      i++;
    }
    return i;
  }
}
