package dev.tidemill.curator.text.pii;

/// Classes of characters, and looks at the neighbourhood of an index.
final class Chars {
  private Chars() {}

  static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  static boolean hex(char c) {
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  static boolean asciiLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  static boolean letter(char c) {
    return asciiLetter(c) || (c >= 0x80 && Character.isLetter(c));
  }

  static boolean alphanumeric(char c) {
    return digit(c) || letter(c);
  }

  /// A space within a line, of any width.
  static boolean space(char c) {
    return c == ' ' || c == '\t' || c == '\u00A0' || c == '\u202F' || c == '\u2009';
  }

  static boolean dash(char c) {
    return c == '-' || c == '\u2010' || c == '\u2011' || c == '\u2013';
  }

  /// The character there, or NUL outside of the text.
  static char at(String text, int index) {
    return index >= 0 && index < text.length() ? text.charAt(index) : '\0';
  }

  /// Index of the first digit from there, or -1.
  static int nextDigit(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      if (digit(text.charAt(i))) {
        return i;
      }
    }
    return -1;
  }
}
