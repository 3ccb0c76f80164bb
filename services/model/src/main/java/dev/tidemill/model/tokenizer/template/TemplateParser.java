package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Cuts a page into text, outputs and statements with Transformers' settings (`trim_blocks` and
/// `lstrip_blocks`), and parses what is inside the braces.
final class TemplateParser {
  private static final Pattern TAG =
      Pattern.compile("\\{\\{-?(.*?)-?}}|\\{%[-+]?(.*?)-?%}|\\{#-?.*?-?#}", Pattern.DOTALL);

  private final List<Piece> pieces;
  private int at;

  /// Text, or the inside of a tag.
  private record Piece(Kind kind, String content) {
    enum Kind {
      TEXT,
      OUTPUT,
      STATEMENT
    }
  }

  private TemplateParser(List<Piece> pieces) {
    this.pieces = pieces;
  }

  static List<Node> parse(String page) {
    TemplateParser parser = new TemplateParser(cut(page.replace("\r\n", "\n")));
    List<Node> nodes = parser.block();
    if (parser.at < parser.pieces.size()) {
      throw new TemplateException(
          "The chat template has an unexpected {% "
              + parser.pieces.get(parser.at).content
              + " %}.");
    }
    return nodes;
  }

  private static List<Piece> cut(String page) {
    List<Piece> pieces = new ArrayList<>();
    Matcher tag = TAG.matcher(page);
    int from = 0;
    boolean trimNext = false;
    boolean dropNewline = false;
    while (tag.find()) {
      String text = page.substring(from, tag.start());
      String whole = tag.group();
      boolean block = !whole.startsWith("{{");
      text = leading(text, trimNext, dropNewline);
      if (whole.charAt(2) == '-') {
        text = text.stripTrailing();
      } else if (block && whole.charAt(2) != '+') {
        text = withoutIndent(text, from == 0 || dropNewline || trimNext, from == 0);
      }
      if (!text.isEmpty()) {
        pieces.add(new Piece(Piece.Kind.TEXT, text));
      }
      if (tag.group(1) != null) {
        pieces.add(new Piece(Piece.Kind.OUTPUT, tag.group(1).strip()));
      } else if (tag.group(2) != null) {
        pieces.add(new Piece(Piece.Kind.STATEMENT, tag.group(2).strip()));
      }
      trimNext = whole.charAt(whole.length() - 3) == '-';
      dropNewline = block;
      from = tag.end();
    }
    String rest = leading(page.substring(from), trimNext, dropNewline);
    // Jinja drops one line end at the end of a page.
    rest = rest.endsWith("\n") ? rest.substring(0, rest.length() - 1) : rest;
    if (!rest.isEmpty()) {
      pieces.add(new Piece(Piece.Kind.TEXT, rest));
    }
    return pieces;
  }

  private static String leading(String text, boolean trim, boolean dropNewline) {
    if (trim) {
      return text.stripLeading();
    }
    return dropNewline && text.startsWith("\n") ? text.substring(1) : text;
  }

  /// Drops the blanks between the last line end and a statement.
  private static String withoutIndent(String text, boolean lineStart, boolean pageStart) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    boolean ownLine = end == 0 ? lineStart || pageStart : text.charAt(end - 1) == '\n';
    return ownLine ? text.substring(0, end) : text;
  }

  /// Nodes up to a statement that closes or divides a block.
  private List<Node> block() {
    List<Node> nodes = new ArrayList<>();
    while (at < pieces.size()) {
      Piece piece = pieces.get(at);
      switch (piece.kind) {
        case TEXT -> nodes.add(new Node.Text(piece.content));
        case OUTPUT -> nodes.add(new Node.Output(ExpressionParser.parse(piece.content)));
        case STATEMENT -> {
          String word = piece.content.split("[\\s(]", 2)[0];
          switch (word) {
            case "elif", "else", "endif", "endfor" -> {
              return nodes;
            }
            case "generation", "endgeneration" -> {}
            case "if" -> nodes.add(branch(piece.content.substring(2)));
            case "for" -> nodes.add(loop(piece.content.substring(3)));
            case "set" -> nodes.add(assignment(piece.content.substring(3)));
            default ->
                throw new TemplateException(
                    "The chat template uses {% " + word + " %}, which is not supported.");
          }
        }
      }
      at++;
    }
    return nodes;
  }

  private Node branch(String condition) {
    Expression parsed = ExpressionParser.parse(condition);
    at++;
    List<Node> then = block();
    String divider = divider("endif");
    if (divider.startsWith("elif")) {
      return new Node.If(parsed, then, List.of(branch(divider.substring(4))));
    }
    if (divider.equals("else")) {
      at++;
      List<Node> otherwise = block();
      if (!divider("endif").equals("endif")) {
        throw new TemplateException(
            "The chat template has a second {% else %} where endif is due.");
      }
      return new Node.If(parsed, then, otherwise);
    }
    return new Node.If(parsed, then, List.of());
  }

  private Node loop(String header) {
    Matcher matcher =
        Pattern.compile("\\s*([\\w\\s,]+?)\\s+in\\s+(.*)", Pattern.DOTALL).matcher(header);
    if (!matcher.matches()) {
      throw new TemplateException("The chat template has an unreadable {% for" + header + " %}.");
    }
    String names = String.valueOf(matcher.group(1));
    ExpressionParser parser = new ExpressionParser(String.valueOf(matcher.group(2)));
    Expression over = parser.withoutChoice();
    @Nullable Expression where = parser.accept("if") ? parser.expression() : null;
    parser.end();
    at++;
    List<Node> body = block();
    if (!divider("endfor").equals("endfor")) {
      throw new TemplateException("The chat template has a {% for %} with an else, not supported.");
    }
    return new Node.For(List.of(names.strip().split("\\s*,\\s*")), over, where, body);
  }

  private static Node assignment(String text) {
    String[] sides = text.split("=", 2);
    if (sides.length < 2) {
      throw new TemplateException("The chat template has a {% set %} without a value.");
    }
    String[] target = sides[0].strip().split("\\.", 2);
    return new Node.Set(
        target[0], target.length == 2 ? target[1] : null, ExpressionParser.parse(sides[1]));
  }

  private String divider(String expected) {
    if (at >= pieces.size()) {
      throw new TemplateException("The chat template lacks an {% " + expected + " %}.");
    }
    return pieces.get(at).content;
  }

  /// Precedence climbing over the words of one pair of braces.
  static final class ExpressionParser {
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
      return new TemplateException(
          "The chat template has an unreadable expression: " + text.strip());
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
}
