package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
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
}
