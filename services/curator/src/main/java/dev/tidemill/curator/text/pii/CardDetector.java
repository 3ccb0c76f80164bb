package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.alphanumeric;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.dash;
import static dev.tidemill.curator.text.pii.Chars.digit;
import static dev.tidemill.curator.text.pii.Chars.nextDigit;
import static dev.tidemill.curator.text.pii.Chars.space;

import java.util.ArrayList;
import java.util.List;

/// Finds numbers of payment cards: a brand's prefix and length, check digit after Luhn, and written
/// in one run or in the groups that the brand prints.
final class CardDetector implements Detector {
  private static final int SHORTEST = 14;
  private static final int LONGEST = 19;

  @Override
  public int leastDigits() {
    return SHORTEST;
  }

  @Override
  public void find(String text, Spans found) {
    int i = nextDigit(text, 0);
    while (i >= 0) {
      Run run = Run.at(text, i);
      if (run.digits.length() >= SHORTEST
          && run.digits.length() <= LONGEST
          && !partOfMore(text, i, run.end)
          && brand(run)
          && luhn(run.digits)
          && (run.groups.size() > 1
              || !Words.before(text, i, Words.OTHER_NUMBER, 3)
              || Words.before(text, i, Words.CARD, 3))) {
        found.add(i, run.end, PiiKind.CARD);
      }
      i = nextDigit(text, run.end);
    }
  }

  /// Digits in groups with the same separator between them.
  private record Run(StringBuilder digits, List<Integer> groups, int end) {

    static Run at(String text, int start) {
      StringBuilder digits = new StringBuilder();
      List<Integer> groups = new ArrayList<>();
      char separator = '\0';
      int i = start;
      while (true) {
        int from = i;
        while (i < text.length() && digit(text.charAt(i))) {
          if (digits.length() <= LONGEST) {
            digits.append(text.charAt(i));
          }
          i++;
        }
        groups.add(i - from);
        char c = Chars.at(text, i);
        boolean between = (space(c) || dash(c) || c == '.') && digit(Chars.at(text, i + 1));
        if (!between || (separator != '\0' && c != separator) || digits.length() > LONGEST) {
          return new Run(digits, groups, i);
        }
        separator = c;
        i++;
      }
    }
  }

  private static boolean partOfMore(String text, int start, int end) {
    char before = at(text, start - 1);
    char after = at(text, end);
    return alphanumeric(before)
        || "_-.,+".indexOf(before) >= 0
        || alphanumeric(after)
        || after == '_'
        || ("-.,".indexOf(after) >= 0 && alphanumeric(at(text, end + 1)));
  }

  private static boolean brand(Run run) {
    int length = run.digits.length();
    int two = Integer.parseInt(run.digits.substring(0, 2));
    int four = Integer.parseInt(run.digits.substring(0, 4));
    int three = four / 10;
    List<Integer> groups = run.groups;
    if (two == 34 || two == 37) {
      return length == 15 && grouped(groups, List.of(4, 6, 5));
    }
    if ((three >= 300 && three <= 305) || two == 36 || two == 38 || two == 39) {
      return length == 14 && grouped(groups, List.of(4, 6, 4));
    }
    boolean visa = two / 10 == 4;
    boolean mastercard = (two >= 51 && two <= 55) || (four >= 2221 && four <= 2720);
    boolean discover = four == 6011 || (three >= 644 && three <= 649) || two == 65;
    boolean jcb = four >= 3528 && four <= 3589;
    boolean unionPay = two == 62;
    boolean maestro =
        four == 5018
            || four == 5020
            || four == 5038
            || four == 5893
            || four == 6304
            || four == 6759
            || (four >= 6761 && four <= 6763);
    if (!visa && !mastercard && !discover && !jcb && !unionPay && !maestro) {
      return false;
    }
    if (length == 16) {
      return grouped(groups, List.of(4, 4, 4, 4));
    }
    return length == 19
        && !mastercard
        && (grouped(groups, List.of(4, 4, 4, 4, 3)) || grouped(groups, List.of(6, 13)));
  }

  private static boolean grouped(List<Integer> groups, List<Integer> printed) {
    return groups.size() == 1 || groups.equals(printed);
  }

  private static boolean luhn(CharSequence digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int counted = i % 2 == 0 ? digit : 2 * digit;
      sum += counted > 9 ? counted - 9 : counted;
    }
    return sum % 10 == 0;
  }
}
