package dev.tidemill.acceptance;

import java.util.Locale;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/// The names of the metrics that a PromQL query reads.
///
/// It walks the query once and keeps the identifiers that are left when strings, comments, label
/// matchers, ranges, functions, aggregations, keywords, label lists, numbers and Grafana's
/// variables are taken away. A name that is put together from a variable is refused: nobody could
/// check it.
final class PromQlNames {
  /// Followed by a list of labels in parentheses, or (the group ones) by nothing.
  private static final Set<String> TAKING_LABELS =
      Set.of("by", "without", "on", "ignoring", "group_left", "group_right");

  private static final Set<String> AGGREGATION_CLAUSES = Set.of("by", "without");

  private static final Set<String> KEYWORDS =
      Set.of("and", "or", "unless", "bool", "offset", "atan2", "inf", "nan");

  private final String query;
  private final SortedSet<String> names = new TreeSet<>();
  private int at;

  private PromQlNames(String query) {
    this.query = query;
  }

  /// @throws IllegalArgumentException when the query ends too early or hides a name in a variable
  static SortedSet<String> of(String query) {
    PromQlNames walk = new PromQlNames(query);
    walk.expression();
    return walk.names;
  }

  private void expression() {
    while (at < query.length()) {
      char c = query.charAt(at);
      if (startsName(c)) {
        identifier();
      } else if (Character.isDigit(c)) {
        // 5m, 1e3, 0x1F: a sign inside an exponent is read as an operator, which does no harm
        take(PromQlNames::continuesNumber);
      } else {
        switch (c) {
          case '"', '\'', '`' -> string();
          case '#' -> take(other -> other != '\n');
          case '{' -> matchers();
          case '[' -> range();
          case '$' -> variable();
          default -> at++;
        }
      }
    }
  }

  private void identifier() {
    String word = take(PromQlNames::continuesName);
    if (peek() == '$') {
      throw new IllegalArgumentException("a variable is part of a metric's name in: " + query);
    }
    String lower = word.toLowerCase(Locale.ROOT);
    char next = skipBlank();
    if (TAKING_LABELS.contains(lower)) {
      if (next == '(') {
        until(')');
      }
    } else if (!KEYWORDS.contains(lower) && next != '(' && !aggregates()) {
      names.add(word);
    }
  }

  /// Whether `by` or `without` stands here, so that the word before it was an aggregation.
  private boolean aggregates() {
    int here = at;
    String word = take(PromQlNames::continuesName).toLowerCase(Locale.ROOT);
    at = here;
    return AGGREGATION_CLAUSES.contains(word);
  }

  /// Label matchers name no metric, but for `__name__="..."` and the quoted form `{"..."}`.
  private void matchers() {
    at++;
    String label = "";
    String operator = "";
    while (skipBlank() != '}') {
      char c = here();
      if (c == '"' || c == '\'' || c == '`') {
        String value = string();
        if (label.isEmpty() || (label.equals("__name__") && operator.equals("="))) {
          names.add(value);
        }
      } else if (startsName(c)) {
        label = take(PromQlNames::continuesName);
        operator = "";
      } else if (c == ',') {
        label = "";
        at++;
      } else {
        operator += c;
        at++;
      }
    }
    at++;
  }

  private void range() {
    until(']');
  }

  /// `$name`, `${name}` or `${name:format}`.
  private void variable() {
    at++;
    if (peek() == '{') {
      until('}');
    } else {
      take(PromQlNames::continuesName);
    }
    if (continuesName(peek())) {
      throw new IllegalArgumentException("a variable is part of a metric's name in: " + query);
    }
  }

  private String string() {
    char quote = query.charAt(at++);
    StringBuilder text = new StringBuilder();
    while (here() != quote) {
      if (here() == '\\' && quote != '`') {
        at++;
      }
      text.append(here());
      at++;
    }
    at++;
    return text.toString();
  }

  /// Goes behind this closing character; strings on the way are skipped.
  private void until(char closing) {
    while (here() != closing) {
      char c = here();
      if (c == '"' || c == '\'' || c == '`') {
        string();
      } else {
        at++;
      }
    }
    at++;
  }

  private String take(IntPredicate wanted) {
    int from = at;
    while (at < query.length() && wanted.test(query.charAt(at))) {
      at++;
    }
    return query.substring(from, at);
  }

  /// The next character that is neither blank nor comment; 0 at the end.
  private char skipBlank() {
    while (at < query.length() && (Character.isWhitespace(peek()) || peek() == '#')) {
      if (peek() == '#') {
        take(c -> c != '\n');
      } else {
        at++;
      }
    }
    return peek();
  }

  private char peek() {
    return at < query.length() ? query.charAt(at) : 0;
  }

  private char here() {
    if (at >= query.length()) {
      throw new IllegalArgumentException("the query ends too early: " + query);
    }
    return query.charAt(at);
  }

  private static boolean startsName(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  }

  private static boolean continuesName(int c) {
    return startsName(c) || (c >= '0' && c <= '9');
  }

  private static boolean continuesNumber(int c) {
    return (c >= '0' && c <= '9') || Character.isLetter(c) || c == '.' || c == '_';
  }
}
