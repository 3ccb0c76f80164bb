package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.asciiLetter;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.digit;
import static dev.tidemill.curator.text.pii.Chars.hex;
import static dev.tidemill.curator.text.pii.Chars.space;

import java.util.Locale;
import java.util.Set;

/// Finds secrets by what they are assigned to: `api_key = "..."`, `password: ...`, `Authorization:
/// Bearer ...`. The value must look made at random; `password=null` and `key=value` are none.
final class Assignments {
  private static final int LONGEST_NAME = 64;
  private static final int LONGEST_VALUE = 512;

  /// Ends of names whose values are made by machines.
  private static final Set<String> KEYS =
      Set.of(
          "apikey",
          "accesskey",
          "secretkey",
          "secret",
          "token",
          "accesstoken",
          "authtoken",
          "clientsecret",
          "privatekey",
          "signingkey",
          "encryptionkey",
          "accountkey",
          "sharedkey",
          "appkey",
          "masterkey",
          "bearertoken",
          "refreshtoken",
          "sessiontoken",
          "webhooksecret",
          "credential",
          "credentials",
          "authkey",
          "sastoken",
          "secretaccesskey",
          "bottoken");

  /// Ends of names whose values are made by people.
  private static final Set<String> PASSWORDS =
      Set.of("password", "passwd", "pwd", "passphrase", "passwort", "kennwort", "contraseña");

  private Assignments() {}

  static void find(String text, Spans found) {
    for (int i = text.indexOf('='); i >= 0; i = text.indexOf('=', i + 1)) {
      value(text, i, found);
    }
    for (int i = text.indexOf(':'); i >= 0; i = text.indexOf(':', i + 1)) {
      value(text, i, found);
    }
    for (int i = text.indexOf("Bearer "); i >= 0; i = text.indexOf("Bearer ", i + 1)) {
      random(text, i + 7, 20, 3.0, found);
    }
    for (int i = text.indexOf("Basic "); i >= 0; i = text.indexOf("Basic ", i + 1)) {
      if (text.startsWith("Authorization", Math.max(0, i - 15))) {
        random(text, i + 6, 12, 2.5, found);
      }
    }
  }

  private static void value(String text, int sign, Spans found) {
    String name = name(text, sign);
    if (name.isEmpty()) {
      return;
    }
    int start = sign + 1;
    while (start < sign + 3 && (space(at(text, start)) || at(text, start) == '>')) {
      start++;
    }
    char quote = at(text, start);
    if (quote == '"' || quote == '\'' || quote == '`') {
      start++;
    }
    if (endsWith(name, PASSWORDS)) {
      password(text, start, found);
    } else if (endsWith(name, KEYS)) {
      random(text, start, 16, 3.0, found);
    } else if (name.equals("key") && text.charAt(sign) == '=') {
      mixed(text, start, found);
    }
  }

  /// The name before a sign, in lower case, without what joins its words.
  private static String name(String text, int sign) {
    int i = sign - 1;
    while (i >= 0
        && sign - i < 4
        && (space(text.charAt(i)) || "\"'`".indexOf(text.charAt(i)) >= 0)) {
      i--;
    }
    StringBuilder name = new StringBuilder();
    while (i >= 0
        && name.length() < LONGEST_NAME
        && (asciiLetter(text.charAt(i))
            || text.charAt(i) == 'ñ'
            || "_-.".indexOf(text.charAt(i)) >= 0)) {
      if (asciiLetter(text.charAt(i)) || text.charAt(i) == 'ñ') {
        name.append(text.charAt(i));
      }
      i--;
    }
    return name.reverse().toString().toLowerCase(Locale.ROOT);
  }

  private static boolean endsWith(String name, Set<String> ends) {
    for (String end : ends) {
      if (name.endsWith(end)) {
        return true;
      }
    }
    return false;
  }

  /// A value that a machine made: long, with letters and digits, and of high entropy.
  private static void random(String text, int start, int shortest, double bits, Spans found) {
    int end = valueEnd(text, start);
    if (end - start >= shortest
        && hasLetterAndDigit(text, start, end)
        && entropy(text, start, end) >= bits) {
      found.add(start, end, PiiKind.SECRET);
    }
  }

  /// A value of a mere `key`: digests and ids, which are hexadecimal, are not meant.
  private static void mixed(String text, int start, Spans found) {
    int end = valueEnd(text, start);
    boolean lower = false;
    boolean upper = false;
    boolean onlyHex = true;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      lower |= c >= 'a' && c <= 'z';
      upper |= c >= 'A' && c <= 'Z';
      onlyHex &= hex(c) || c == '-';
    }
    if (lower && upper && !onlyHex) {
      random(text, start, 20, 3.5, found);
    }
  }

  /// A value that a person made: eight characters of three classes.
  private static void password(String text, int start, Spans found) {
    int end = start;
    boolean lower = false;
    boolean upper = false;
    boolean number = false;
    boolean sign = false;
    while (end < text.length() && end - start < 128) {
      char c = text.charAt(end);
      if (c <= ' ' || c == '"' || c == '\'' || c == '`' || c == ',' || c == ';' || c == '<') {
        break;
      }
      lower |= c >= 'a' && c <= 'z';
      upper |= c >= 'A' && c <= 'Z';
      number |= digit(c);
      sign |= c < 0x80 && !digit(c) && !asciiLetter(c) && "._-/(){}$".indexOf(c) < 0;
      end++;
    }
    while (end > start && ".)".indexOf(text.charAt(end - 1)) >= 0) {
      end--;
    }
    int classes = (lower ? 1 : 0) + (upper ? 1 : 0) + (number ? 1 : 0) + (sign ? 1 : 0);
    if (end - start >= 8 && number && classes >= 3) {
      found.add(start, end, PiiKind.SECRET);
    }
  }

  private static int valueEnd(String text, int start) {
    int end = start;
    while (end < text.length()
        && end - start < LONGEST_VALUE
        && (asciiLetter(text.charAt(end))
            || digit(text.charAt(end))
            || "_-+/=~.".indexOf(text.charAt(end)) >= 0)) {
      end++;
    }
    while (end > start && text.charAt(end - 1) == '.') {
      end--;
    }
    return end;
  }

  private static boolean hasLetterAndDigit(String text, int start, int end) {
    boolean letter = false;
    int digits = 0;
    for (int i = start; i < end; i++) {
      letter |= asciiLetter(text.charAt(i));
      digits += digit(text.charAt(i)) ? 1 : 0;
    }
    return letter && digits >= 2;
  }

  /// Bits for each character, by how often each occurs.
  private static double entropy(String text, int start, int end) {
    int[] counts = new int[128];
    for (int i = start; i < end; i++) {
      counts[text.charAt(i) & 0x7F]++;
    }
    double bits = 0;
    for (int count : counts) {
      if (count > 0) {
        double share = (double) count / (end - start);
        bits -= share * Math.log(share) / Math.log(2);
      }
    }
    return bits;
  }
}
