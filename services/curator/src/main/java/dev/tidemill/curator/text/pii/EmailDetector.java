package dev.tidemill.curator.text.pii;

import static dev.tidemill.curator.text.pii.Chars.alphanumeric;
import static dev.tidemill.curator.text.pii.Chars.at;
import static dev.tidemill.curator.text.pii.Chars.letter;
import static dev.tidemill.curator.text.pii.Chars.space;

import java.util.Locale;
import java.util.Set;

/// Finds e-mail addresses: with `@`, with `%40` as links write it, and with `(at)` or `[at]` as
/// people hide them. A domain has at least two labels and ends with letters, so `lodash@4.17.21` is
/// none.
final class EmailDetector implements Detector {
  private static final int LONGEST_LOCAL = 64;
  private static final int LONGEST_DOMAIN = 253;

  /// Endings of file names, as in `icon@2x.png`; none is a top-level domain.
  private static final Set<String> FILES =
      Set.of(
          "png",
          "jpg",
          "jpeg",
          "gif",
          "svg",
          "webp",
          "bmp",
          "ico",
          "js",
          "ts",
          "jsx",
          "tsx",
          "css",
          "scss",
          "html",
          "json",
          "xml",
          "yaml",
          "yml",
          "jar",
          "conf",
          "properties",
          "service",
          "target",
          "timer",
          "socket");

  @Override
  public void find(String text, Spans found) {
    for (int i = text.indexOf('@'); i >= 0; i = text.indexOf('@', i + 1)) {
      address(text, i, i + 1, found);
    }
    for (int i = text.indexOf("%40"); i >= 0; i = text.indexOf("%40", i + 3)) {
      address(text, i, i + 3, found);
    }
    for (int i = text.indexOf('('); i >= 0; i = text.indexOf('(', i + 1)) {
      hidden(text, i, ')', found);
    }
    for (int i = text.indexOf('['); i >= 0; i = text.indexOf('[', i + 1)) {
      hidden(text, i, ']', found);
    }
  }

  private static void address(String text, int localEnd, int domainStart, Spans found) {
    int start = localStart(text, localEnd);
    int end = domainEnd(text, domainStart, false);
    if (start < localEnd && end > 0 && !remoteOfGit(text, start, localEnd, end)) {
      found.add(start, end, PiiKind.EMAIL);
    }
  }

  // name (at) host (dot) org
  private static void hidden(String text, int open, char close, Spans found) {
    int behind = word(text, open, "at", close);
    if (behind < 0) {
      return;
    }
    int localEnd = open;
    while (localEnd > 0 && open - localEnd < 2 && space(text.charAt(localEnd - 1))) {
      localEnd--;
    }
    int domainStart = spaces(text, behind);
    int start = localStart(text, localEnd);
    int end = domainEnd(text, domainStart, true);
    if (start < localEnd && end > 0) {
      found.add(start, end, PiiKind.EMAIL);
    }
  }

  private static int localStart(String text, int end) {
    if (at(text, end - 1) == '"') {
      int open = end - 2;
      while (open > Math.max(0, end - LONGEST_LOCAL) && "\"\n".indexOf(text.charAt(open)) < 0) {
        open--;
      }
      return at(text, open) == '"' && open < end - 2 ? open : end;
    }
    int start = end;
    while (start > 0 && end - start < LONGEST_LOCAL && local(text.charAt(start - 1))) {
      start--;
    }
    // A name begins with a letter or digit, however the text leads up to it.
    while (start < end && !alphanumeric(text.charAt(start)) && text.charAt(start) != '_') {
      start++;
    }
    return start < end && text.charAt(end - 1) == '.' ? end : start;
  }

  private static boolean local(char c) {
    return alphanumeric(c) || "._%+-'".indexOf(c) >= 0;
  }

  /// Index behind the domain that begins there, or -1 when there is none.
  private static int domainEnd(String text, int start, boolean hidden) {
    int end = -1;
    int labels = 0;
    int label = start;
    while (label - start < LONGEST_DOMAIN) {
      int i = label;
      while (i < text.length()
          && i - label < 63
          && (alphanumeric(text.charAt(i)) || text.charAt(i) == '-')) {
        i++;
      }
      int labelEnd = i;
      while (labelEnd > label && text.charAt(labelEnd - 1) == '-') {
        labelEnd--;
      }
      if (labelEnd == label || text.charAt(label) == '-') {
        break;
      }
      labels++;
      if (labels > 1 && topLevel(text, label, labelEnd)) {
        end = labelEnd;
      }
      int next = hidden ? hiddenDot(text, labelEnd) : dot(text, labelEnd);
      if (next < 0) {
        break;
      }
      label = next;
    }
    return end;
  }

  private static boolean topLevel(String text, int start, int end) {
    if (text.startsWith("xn--", start)) {
      return true;
    }
    for (int i = start; i < end; i++) {
      if (!letter(text.charAt(i))) {
        return false;
      }
    }
    return end - start >= 2
        && end - start <= 24
        && !FILES.contains(text.substring(start, end).toLowerCase(Locale.ROOT));
  }

  private static int dot(String text, int i) {
    return at(text, i) == '.' && alphanumeric(at(text, i + 1)) ? i + 1 : -1;
  }

  private static int hiddenDot(String text, int i) {
    int plain = dot(text, i);
    if (plain >= 0) {
      return plain;
    }
    int open = spaces(text, i);
    int behind =
        switch (at(text, open)) {
          case '(' -> word(text, open, "dot", ')');
          case '[' -> word(text, open, "dot", ']');
          default -> text.startsWith("dot ", open) && open > i ? open + 4 : -1;
        };
    return behind < 0 ? -1 : spaces(text, behind);
  }

  /// Index behind a word in brackets that open there, or -1.
  private static int word(String text, int open, String word, char close) {
    int i = spaces(text, open + 1);
    if (!text.regionMatches(true, i, word, 0, word.length())) {
      return -1;
    }
    i = spaces(text, i + word.length());
    return at(text, i) == close ? i + 1 : -1;
  }

  private static int spaces(String text, int i) {
    int behind = i;
    while (behind < i + 2 && space(at(text, behind))) {
      behind++;
    }
    return behind;
  }

  /// `git@host:path` is an address of a machine.
  private static boolean remoteOfGit(String text, int start, int localEnd, int end) {
    return localEnd - start == 3
        && text.startsWith("git", start)
        && (at(text, end) == ':' || at(text, end) == '/');
  }
}
