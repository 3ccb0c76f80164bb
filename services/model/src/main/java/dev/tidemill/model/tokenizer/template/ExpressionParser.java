package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Precedence climbing over the words of one pair of braces.
final class ExpressionParser {
  private static final Pattern WORD =
      Pattern.compile(
          "\\s*(?:('(?:\\\\.|[^'\\\\])*'|\"(?:\\\\.|[^\"\\\\])*\")|(\\d+\\.\\d+|\\d+)|([A-Za-z_]\\w*)"
              + "|(==|!=|<=|>=|//|\\*\\*|[-+*/%~|.,:()\\[\\]{}<>=]))",
          Pattern.DOTALL);

  private final List<String> words = new ArrayList<>();
  private final String text;
  private int next;

  ExpressionParser(String text) {
    this.text = text;
    Matcher word = WORD.matcher(text);
    int from = 0;
    String stripped = text.stripTrailing();
    while (from < stripped.length()) {
      if (!word.find(from) || word.start() != from) {
        throw fault();
      }
      words.add(word.group().strip());
      from = word.end();
    }
  }

  static Expression parse(String text) {
    ExpressionParser parser = new ExpressionParser(text);
    Expression expression = parser.expression();
    parser.end();
    return expression;
  }

  void end() {
    if (next < words.size()) {
      throw fault();
    }
  }

  Expression expression() {
    Expression then = withoutChoice();
    if (accept("if")) {
      Expression condition = withoutChoice();
      return new Expression.Choice(condition, then, accept("else") ? expression() : null);
    }
    return then;
  }

  Expression withoutChoice() {
    Expression left = conjunction();
    while (accept("or")) {
      left = new Expression.Binary("or", left, conjunction());
    }
    return left;
  }

  private Expression conjunction() {
    Expression left = negation();
    while (accept("and")) {
      left = new Expression.Binary("and", left, negation());
    }
    return left;
  }

  private Expression negation() {
    return accept("not") ? new Expression.Unary("not", negation()) : comparison();
  }

  private Expression comparison() {
    Expression left = sum();
    while (true) {
      String word = peek();
      switch (word) {
        case "==", "!=", "<", ">", "<=", ">=", "in" -> {
          next++;
          left = new Expression.Binary(word, left, sum());
        }
        case "not" -> {
          if (next + 1 >= words.size() || !words.get(next + 1).equals("in")) {
            return left;
          }
          next += 2;
          left = new Expression.Unary("not", new Expression.Binary("in", left, sum()));
        }
        default -> {
          return left;
        }
      }
    }
  }

  private Expression sum() {
    Expression left = product();
    while (List.of("+", "-", "~").contains(peek())) {
      left = new Expression.Binary(words.get(next++), left, product());
    }
    return left;
  }

  private Expression product() {
    Expression left = unary();
    while (List.of("*", "/", "//", "%").contains(peek())) {
      left = new Expression.Binary(words.get(next++), left, unary());
    }
    return left;
  }

  private Expression unary() {
    if (accept("-")) {
      return new Expression.Unary("-", unary());
    }
    Expression value = postfix(atom());
    while (true) {
      if (accept("|")) {
        String name = name();
        Arguments arguments = accept("(") ? arguments() : Arguments.NONE;
        value = postfix(new Expression.Filter(value, name, arguments.plain, arguments.named));
      } else if (accept("is")) {
        boolean negated = accept("not");
        value = new Expression.Test(value, name(), negated);
      } else {
        return value;
      }
    }
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      if (accept(".")) {
        value = new Expression.Attribute(value, name());
      } else if (accept("[")) {
        value = subscript(value);
      } else if (accept("(")) {
        Arguments arguments = arguments();
        value = new Expression.Call(value, arguments.plain, arguments.named);
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression value) {
    @Nullable Expression from = peek().equals(":") ? null : expression();
    if (!accept(":")) {
      expect("]");
      if (from == null) {
        throw fault();
      }
      return new Expression.Index(value, from);
    }
    @Nullable Expression to = peek().equals("]") || peek().equals(":") ? null : expression();
    if (accept(":")) {
      // Of the steps only the one that turns a list round is used: [::-1].
      expect("-");
      expect("1");
      expect("]");
      return new Expression.Filter(value, "reverse", List.of(), Map.of());
    }
    expect("]");
    return new Expression.Slice(value, from, to);
  }

  private Expression atom() {
    String word = peek();
    next++;
    if (word.isEmpty()) {
      throw fault();
    }
    char first = word.charAt(0);
    if (first == '\'' || first == '"') {
      return new Expression.Literal(unescape(word.substring(1, word.length() - 1)));
    }
    if (Character.isDigit(first)) {
      return new Expression.Literal(
          word.contains(".") ? (Object) Double.valueOf(word) : (Object) Long.valueOf(word));
    }
    return switch (word) {
      case "true", "True" -> new Expression.Literal(true);
      case "false", "False" -> new Expression.Literal(false);
      case "none", "None" -> new Expression.Literal(null);
      case "(" -> {
        Expression inner = expression();
        expect(")");
        yield inner;
      }
      case "[" -> new Expression.ListOf(items("]"));
      case "{" -> dictionary();
      default -> {
        if (!Character.isLetter(first) && first != '_') {
          throw fault();
        }
        yield new Expression.Name(word);
      }
    };
  }

  private Expression dictionary() {
    List<Map.Entry<Expression, Expression>> entries = new ArrayList<>();
    while (!accept("}")) {
      Expression key = expression();
      expect(":");
      entries.add(Map.entry(key, expression()));
      if (!accept(",") && !peek().equals("}")) {
        throw fault();
      }
    }
    return new Expression.DictOf(entries);
  }

  private List<Expression> items(String close) {
    List<Expression> items = new ArrayList<>();
    while (!accept(close)) {
      items.add(expression());
      if (!accept(",") && !peek().equals(close)) {
        throw fault();
      }
    }
    return items;
  }

  private record Arguments(List<Expression> plain, Map<String, Expression> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());
  }

  private Arguments arguments() {
    List<Expression> plain = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!accept(")")) {
      if (next + 1 < words.size() && words.get(next + 1).equals("=")) {
        String name = name();
        expect("=");
        named.put(name, expression());
      } else {
        plain.add(expression());
      }
      if (!accept(",") && !peek().equals(")")) {
        throw fault();
      }
    }
    return new Arguments(plain, named);
  }

  boolean accept(String word) {
    if (peek().equals(word)) {
      next++;
      return true;
    }
    return false;
  }

  private void expect(String word) {
    if (!accept(word)) {
      throw fault();
    }
  }

  private String name() {
    String word = peek();
    if (word.isEmpty() || !(Character.isLetter(word.charAt(0)) || word.charAt(0) == '_')) {
      throw fault();
    }
    next++;
    return word;
  }

  private String peek() {
    return next < words.size() ? words.get(next) : "";
  }

  private TemplateException fault() {
    return new TemplateException("The chat template has an unreadable expression: " + text.strip());
  }

  private static String unescape(String raw) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\' || i + 1 == raw.length()) {
        out.append(c);
        continue;
      }
      char escaped = raw.charAt(++i);
      switch (escaped) {
        case 'n' -> out.append('\n');
        case 't' -> out.append('\t');
        case 'r' -> out.append('\r');
        case '\\', '\'', '"' -> out.append(escaped);
        default -> out.append('\\').append(escaped);
      }
    }
    return out.toString();
  }
}
