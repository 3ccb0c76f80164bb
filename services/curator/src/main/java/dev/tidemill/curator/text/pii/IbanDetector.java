package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.alphanumeric;
import static dev.tidemill.curator.text.pii.Chars.asciiLetter;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.dash;
import static dev.tidemill.curator.text.pii.Chars.digit;
import static dev.tidemill.curator.text.pii.Chars.nextDigit;
import static dev.tidemill.curator.text.pii.Chars.space;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds IBANs: a country, the length that it has there, and check digits that hold (ISO 13616,
/// remainder 1 of 97). They may be written in groups.
final class IbanDetector implements Detector {
  /// Characters of an IBAN by country.
  private static final Map<String, Integer> LENGTHS =
      lengths(
          "NO15 BE16 DK18 FI18 FK18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20"
              + " MN20 XK20 CH21 HR21 LI21 LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22"
              + " AE23 GI23 IL23 IQ23 OM23 SO23 TL23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24"
              + " TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28"
              + " AZ28 BY28 CY28 DO28 GT28 HU28 LB28 NI28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 JO30"
              + " KW30 MU30 YE30 MT31 SC31 LC32 RU33");

  @Override
  public int leastDigits() {
    return 2;
  }

  @Override
  public void find(String text, Spans found) {
    // The first digit of the check digits stands behind two letters.
    for (int i = nextDigit(text, 0); i >= 0; i = nextDigit(text, i + 1)) {
      if (i >= 2
          && asciiLetter(text.charAt(i - 1))
          && asciiLetter(text.charAt(i - 2))
          && digit(at(text, i + 1))
          && !alphanumeric(at(text, i - 3))) {
        account(text, i - 2, found);
      }
    }
  }

  private static void account(String text, int start, Spans found) {
    @Nullable Integer length =
        LENGTHS.get(text.substring(start, start + 2).toUpperCase(Locale.ROOT));
    if (length == null) {
      return;
    }
    char[] characters = new char[length];
    int taken = 0;
    int i = start;
    while (taken < length) {
      char c = at(text, i);
      if (digit(c) || asciiLetter(c)) {
        characters[taken++] = Character.toUpperCase(c);
      } else if (taken == 0 || !((space(c) || dash(c)) && alphanumeric(at(text, i + 1)))) {
        return;
      }
      i++;
    }
    if (!alphanumeric(at(text, i)) && checks(characters)) {
      found.add(start, i, PiiKind.IBAN);
    }
  }

  private static boolean checks(char[] account) {
    int remainder = 0;
    for (int i = 0; i < account.length; i++) {
      // The country and the check digits are read last.
      char c = account[(i + 4) % account.length];
      remainder =
          digit(c) ? (remainder * 10 + c - '0') % 97 : (remainder * 100 + c - 'A' + 10) % 97;
    }
    return remainder == 1;
  }

  private static Map<String, Integer> lengths(String table) {
    Map<String, Integer> lengths = new HashMap<>();
    for (String entry : table.split(" ", -1)) {
      lengths.put(entry.substring(0, 2), Integer.valueOf(entry.substring(2)));
    }
    return Map.copyOf(lengths);
  }
}
