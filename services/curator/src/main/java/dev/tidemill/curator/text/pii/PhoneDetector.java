package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.alphanumeric;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.dash;
import static dev.tidemill.curator.text.pii.Chars.digit;
import static dev.tidemill.curator.text.pii.Chars.nextDigit;
import static dev.tidemill.curator.text.pii.Chars.space;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import java.util.ArrayList;
import java.util.List;

/// Finds telephone numbers. International ones (`+` or `00`) must exist in their country's
/// numbering plan. National ones must exist in one of the regions given, and be written as numbers
/// there are: with the trunk prefix or the groups of North America; what could as well be a count,
/// a date or an order number needs a word such as `tel` or `call` before it.
final class PhoneDetector implements Detector {
  private static final int FEWEST = 7;
  private static final int MOST = 15;
  private static final int LONGEST = 32;
  private static final PhoneNumberUtil NUMBERS = PhoneNumberUtil.getInstance();

  private final List<Region> regions;

  private record Region(String code, boolean american, boolean zeroTrunk) {
    static Region of(String code) {
      String trunk = NUMBERS.getNddPrefixForRegion(code, true);
      return new Region(
          code, NUMBERS.getCountryCodeForRegion(code) == 1, trunk != null && trunk.equals("0"));
    }
  }

  /// @param regions where national numbers may come from, as ISO 3166 codes
  PhoneDetector(List<String> regions) {
    this.regions = regions.stream().map(Region::of).toList();
  }

  /// Whether numbers of a region are known.
  static boolean knows(String region) {
    return NUMBERS.getSupportedRegions().contains(region);
  }

  @Override
  public int leastDigits() {
    return FEWEST;
  }

  @Override
  public void find(String text, Spans found) {
    int i = nextDigit(text, 0);
    while (i >= 0) {
      Candidate candidate = Candidate.at(text, i);
      int digits = candidate.digits.length();
      if (digits >= FEWEST
          && digits <= MOST + 2
          && !candidate.partOfMore(text)
          && found.free(candidate.start, candidate.end)
          && is(text, candidate)) {
        found.add(candidate.start, candidate.withExtension(text), PiiKind.PHONE);
      }
      i = nextDigit(text, candidate.end);
    }
  }

  private boolean is(String text, Candidate candidate) {
    String digits = candidate.digits.toString();
    if (candidate.plus) {
      return valid("+" + international(candidate), "ZZ");
    }
    boolean other = Words.before(text, candidate.start, Words.OTHER_NUMBER, 3);
    boolean spoken =
        Words.before(text, candidate.start, Words.PHONE, 4)
            || (!other && Words.before(text, candidate.start, Words.NUMBER, 2));
    if (digits.startsWith("00") && digits.length() >= 10) {
      return (candidate.groups.size() > 1 || spoken) && valid("+" + digits.substring(2), "ZZ");
    }
    if (digits.length() > MOST || candidate.looksLikeDate()) {
      return false;
    }
    if (!spoken && other) {
      return false;
    }
    for (Region region : regions) {
      if ((spoken || shaped(candidate, digits, region)) && valid(digits, region.code)) {
        return true;
      }
    }
    return false;
  }

  /// Whether it is written as nothing but a telephone number of the region is.
  private static boolean shaped(Candidate candidate, String digits, Region region) {
    List<Integer> groups = candidate.groups;
    if (region.american) {
      return groups.equals(List.of(3, 3, 4)) || groups.equals(List.of(1, 3, 3, 4));
    }
    return region.zeroTrunk
        && digits.startsWith("0")
        && digits.length() >= 9
        && groups.size() > 1
        && groups.getFirst() > 1
        && (!candidate.dotted || groups.size() > 3);
  }

  // In `+44 (0)20 7946 0958` the zero is dialled at home only.
  private static String international(Candidate candidate) {
    return candidate.bracketedZero >= 0
        ? candidate.digits.substring(0, candidate.bracketedZero)
            + candidate.digits.substring(candidate.bracketedZero + 1)
        : candidate.digits.toString();
  }

  private static boolean valid(String number, String region) {
    try {
      return NUMBERS.isValidNumber(NUMBERS.parse(number, region));
    } catch (NumberParseException e) {
      return false;
    }
  }

  /// Digits with what may stand between those of one number.
  ///
  /// @param bracketedZero index in the digits of a `(0)`, or -1
  /// @param dotted whether dots stand between the groups
  private record Candidate(
      int start,
      int end,
      boolean plus,
      StringBuilder digits,
      List<Integer> groups,
      int bracketedZero,
      boolean dotted) {

    static Candidate at(String text, int firstDigit) {
      int start = firstDigit;
      if (Chars.at(text, start - 1) == '(') {
        start--;
      }
      boolean plus = Chars.at(text, start - 1) == '+' || Chars.at(text, start - 1) == '＋';
      if (plus) {
        start--;
        if (Chars.at(text, start - 1) == '(') {
          start--;
        }
      }
      StringBuilder digits = new StringBuilder();
      List<Integer> groups = new ArrayList<>();
      int bracketedZero = -1;
      boolean dotted = false;
      int end = firstDigit;
      int i = firstDigit;
      while (i < text.length() && i - start < LONGEST && digit(text.charAt(i))) {
        int from = i;
        while (i < text.length() && digit(text.charAt(i))) {
          if (digits.length() <= MOST + 2) {
            digits.append(text.charAt(i));
          }
          i++;
        }
        groups.add(i - from);
        end = i;
        if (i - from == 1
            && text.charAt(from) == '0'
            && Chars.at(text, from - 1) == '('
            && Chars.at(text, i) == ')') {
          bracketedZero = digits.length() - 1;
        }
        int next = behindSeparator(text, i);
        if (next < 0) {
          break;
        }
        dotted |= text.charAt(i) == '.';
        i = next;
      }
      return new Candidate(start, end, plus, digits, groups, bracketedZero, dotted);
    }

    /// Index of the digit behind one separator, or -1: a space, a dash, a dot, a slash, brackets.
    private static int behindSeparator(String text, int at) {
      int i = at;
      if (Chars.at(text, i) == ')') {
        i++;
      }
      if (space(Chars.at(text, i))) {
        i++;
        if (dash(Chars.at(text, i)) || Chars.at(text, i) == '/') {
          i = space(Chars.at(text, i + 1)) ? i + 2 : i + 1;
        }
      } else if (dash(Chars.at(text, i)) || "./".indexOf(Chars.at(text, i)) >= 0) {
        i++;
      }
      if (Chars.at(text, i) == '(') {
        i++;
      }
      return i > at && digit(Chars.at(text, i)) ? i : -1;
    }

    boolean partOfMore(String text) {
      char before = Chars.at(text, start - 1);
      char after = Chars.at(text, end);
      return alphanumeric(before)
          || ("_-./,#$€£%=+".indexOf(before) >= 0 && !(before == '=' && plus))
          || (alphanumeric(after) && !extension(text, end))
          || "_%$€£".indexOf(after) >= 0
          || (",.:-/".indexOf(after) >= 0 && alphanumeric(Chars.at(text, end + 1)));
    }

    /// Whether it is a date or a part of one: 2024-01-15, 15.01.2024, 1/15/2024.
    boolean looksLikeDate() {
      int size = groups.size();
      if (size < 3) {
        return false;
      }
      boolean yearFirst = groups.get(0) == 4 && groups.get(1) <= 2 && groups.get(2) <= 2;
      boolean yearLast = groups.get(0) <= 2 && groups.get(1) <= 2 && groups.get(2) == 4;
      boolean yearFits =
          yearFirst
              ? century(digits.substring(0, 4))
              : yearLast
                  && century(
                      digits.substring(
                          groups.get(0) + groups.get(1),
                          Math.min(digits.length(), groups.get(0) + groups.get(1) + 4)));
      return yearFits && size <= 5;
    }

    private static boolean century(String year) {
      return year.startsWith("19") || year.startsWith("20");
    }

    int withExtension(String text) {
      return extension(text, end) ? extensionEnd(text, end) : end;
    }

    private static boolean extension(String text, int end) {
      return extensionEnd(text, end) > end;
    }

    // ext. 123, extension 123, x123
    private static int extensionEnd(String text, int end) {
      int i = end;
      while (i < end + 2 && (space(Chars.at(text, i)) || Chars.at(text, i) == ',')) {
        i++;
      }
      int word = i;
      for (String name : List.of("extension", "ext.", "ext", "x")) {
        if (text.regionMatches(true, i, name, 0, name.length())) {
          i += name.length();
          break;
        }
      }
      if (i == word) {
        return end;
      }
      i = space(Chars.at(text, i)) ? i + 1 : i;
      int from = i;
      while (i < text.length() && i - from < 7 && digit(text.charAt(i))) {
        i++;
      }
      return i > from && !alphanumeric(Chars.at(text, i)) ? i : end;
    }
  }
}
