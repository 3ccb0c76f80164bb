package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.digit;

/// Reads the text form of IP addresses of version 6.
final class Ipv6 {
  private Ipv6() {}

  /// Whether this is an address that may be somebody's. Times, MAC addresses, fingerprints and
  /// names with `::` in them are none.
  static boolean somebodys(String text) {
    int gap = text.indexOf("::");
    if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
      return false;
    }
    String[] groups = text.split(":", -1);
    int count = 0;
    int longest = 0;
    boolean hasDigit = false;
    for (int i = 0; i < groups.length; i++) {
      String group = groups[i];
      if (group.isEmpty()) {
        continue;
      }
      if (i == groups.length - 1 && group.indexOf('.') >= 0) {
        if (!dotted(group)) {
          return false;
        }
        count += 2;
        hasDigit = true;
        continue;
      }
      if (group.length() > 4 || group.indexOf('.') >= 0) {
        return false;
      }
      longest = Math.max(longest, group.length());
      hasDigit |= group.chars().anyMatch(c -> digit((char) c));
      count++;
    }
    if (gap < 0) {
      // Eight pairs of digits are an identifier of hardware.
      return count == 8 && longest >= 3;
    }
    boolean loopback = count <= 1 && text.startsWith("::");
    boolean mapped = text.startsWith("::") && count >= 3;
    return !loopback
        && hasDigit
        && count <= 7
        && (mapped || groups[0].length() == 4 || (count >= 3 && longest >= 3));
  }

  private static boolean dotted(String group) {
    String[] parts = group.split("\\.", -1);
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || !part.chars().allMatch(c -> digit((char) c))
          || Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return parts.length == 4;
  }
}
