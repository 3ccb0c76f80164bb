package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Computes expressions over a scope of names.
final class Evaluator {
  private Evaluator() {}

  static @Nullable Object evaluate(Expression expression, Map<String, @Nullable Object> scope) {
    return switch (expression) {
      case Expression.Literal literal -> literal.value();
      case Expression.Name name ->
          scope.containsKey(name.name()) ? scope.get(name.name()) : Values.UNDEFINED;
      case Expression.ListOf list -> all(list.items(), scope);
      case Expression.DictOf dict -> {
        Map<Object, @Nullable Object> map = new LinkedHashMap<>();
        for (Map.Entry<Expression, Expression> entry : dict.entries()) {
          map.put(Values.text(evaluate(entry.getKey(), scope)), evaluate(entry.getValue(), scope));
        }
        yield map;
      }
      case Expression.Attribute attribute ->
          member(evaluate(attribute.of(), scope), attribute.name());
      case Expression.Index index ->
          member(evaluate(index.of(), scope), evaluate(index.at(), scope));
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Call call -> call(call, scope);
      case Expression.Filter filter ->
          filter(
              filter.name(), evaluate(filter.of(), scope), all(filter.arguments(), scope), filter);
      case Expression.Test test -> test(test.name(), evaluate(test.of(), scope)) != test.negated();
      case Expression.Unary unary -> unary(unary, scope);
      case Expression.Binary binary -> binary(binary, scope);
      case Expression.Choice choice -> {
        if (Values.truth(evaluate(choice.condition(), scope))) {
          yield evaluate(choice.then(), scope);
        }
        Expression otherwise = choice.otherwise();
        yield otherwise == null ? Values.UNDEFINED : evaluate(otherwise, scope);
      }
    };
  }

  private static List<@Nullable Object> all(
      List<Expression> expressions, Map<String, @Nullable Object> scope) {
    List<@Nullable Object> values = new ArrayList<>();
    for (Expression expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private static @Nullable Object member(@Nullable Object of, @Nullable Object key) {
    if (of instanceof Map<?, ?> map) {
      return map.containsKey(key) ? map.get(key) : Values.UNDEFINED;
    }
    if (key instanceof Number number && (of instanceof List<?> || of instanceof String)) {
      List<@Nullable Object> items = Values.items(of);
      int at = number.intValue() < 0 ? items.size() + number.intValue() : number.intValue();
      return at >= 0 && at < items.size() ? items.get(at) : Values.UNDEFINED;
    }
    if (of == null || Values.isUndefined(of)) {
      throw new TemplateException("The chat template asks for " + key + " of nothing.");
    }
    return Values.UNDEFINED;
  }

  private static Object slice(Expression.Slice slice, Map<String, @Nullable Object> scope) {
    @Nullable Object of = evaluate(slice.of(), scope);
    List<@Nullable Object> items = Values.items(of);
    Expression from = slice.from();
    Expression to = slice.to();
    int begin = from == null ? 0 : bound(evaluate(from, scope), items.size());
    int end = to == null ? items.size() : bound(evaluate(to, scope), items.size());
    List<@Nullable Object> part = items.subList(begin, Math.max(begin, end));
    return of instanceof String
        ? String.join("", part.stream().map(Values::text).toList())
        : new ArrayList<>(part);
  }

  private static int bound(@Nullable Object value, int size) {
    int at = integer(value);
    return Math.clamp(at < 0 ? size + at : at, 0, size);
  }

  private static @Nullable Object unary(
      Expression.Unary unary, Map<String, @Nullable Object> scope) {
    @Nullable Object value = evaluate(unary.of(), scope);
    if (unary.operator().equals("not")) {
      return !Values.truth(value);
    }
    return value instanceof Long number ? (Object) (-number) : (Object) (-number(value));
  }

  private static @Nullable Object binary(
      Expression.Binary binary, Map<String, @Nullable Object> scope) {
    @Nullable Object left = evaluate(binary.left(), scope);
    switch (binary.operator()) {
      case "and" -> {
        return Values.truth(left) ? evaluate(binary.right(), scope) : left;
      }
      case "or" -> {
        return Values.truth(left) ? left : evaluate(binary.right(), scope);
      }
      default -> {}
    }
    @Nullable Object right = evaluate(binary.right(), scope);
    return switch (binary.operator()) {
      case "==" -> Values.equal(left, right);
      case "!=" -> !Values.equal(left, right);
      case "in" -> contains(right, left);
      case "~" -> Values.text(left) + Values.text(right);
      case "<" -> compare(left, right) < 0;
      case ">" -> compare(left, right) > 0;
      case "<=" -> compare(left, right) <= 0;
      case ">=" -> compare(left, right) >= 0;
      case "+" -> plus(left, right);
      default -> arithmetic(binary.operator(), left, right);
    };
  }

  private static Object plus(@Nullable Object left, @Nullable Object right) {
    if (left instanceof String || right instanceof String) {
      if (left instanceof String a && right instanceof String b) {
        return a + b;
      }
      throw new TemplateException(
          "The chat template adds " + Values.text(left) + " and " + Values.text(right) + ".");
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      List<@Nullable Object> joined = new ArrayList<>(a);
      joined.addAll(b);
      return joined;
    }
    return arithmetic("+", left, right);
  }

  private static Object arithmetic(String operator, @Nullable Object left, @Nullable Object right) {
    if (left instanceof Long a && right instanceof Long b && !operator.equals("/")) {
      return switch (operator) {
        case "+" -> a + b;
        case "-" -> a - b;
        case "*" -> a * b;
        case "//" -> Math.floorDiv(a, b);
        case "%" -> Math.floorMod(a, b);
        default -> throw new TemplateException("The chat template uses " + operator + ".");
      };
    }
    double a = number(left);
    double b = number(right);
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      default -> throw new TemplateException("The chat template uses " + operator + ".");
    };
  }

  private static boolean contains(@Nullable Object container, @Nullable Object item) {
    return switch (container) {
      case String text -> text.contains(Values.text(item));
      case Map<?, ?> map -> map.containsKey(item);
      case null, default ->
          Values.items(container).stream().anyMatch(each -> Values.equal(each, item));
    };
  }

  private static int compare(@Nullable Object left, @Nullable Object right) {
    if (left instanceof String a && right instanceof String b) {
      return a.compareTo(b);
    }
    return Double.compare(number(left), number(right));
  }

  private static @Nullable Object call(Expression.Call call, Map<String, @Nullable Object> scope) {
    List<@Nullable Object> arguments = all(call.arguments(), scope);
    if (call.function() instanceof Expression.Attribute method) {
      return method(evaluate(method.of(), scope), method.name(), arguments);
    }
    if (!(call.function() instanceof Expression.Name function)) {
      throw new TemplateException("The chat template calls something that is not a function.");
    }
    return switch (function.name()) {
      case "raise_exception" ->
          throw new TemplateException(
              "The chat template refuses the conversation: " + text(arguments, 0));
      case "namespace" -> {
        Map<String, @Nullable Object> space = new HashMap<>();
        call.named().forEach((name, value) -> space.put(name, evaluate(value, scope)));
        yield space;
      }
      case "range" -> {
        int from = arguments.size() > 1 ? integer(arguments.getFirst()) : 0;
        int to = integer(arguments.get(arguments.size() > 1 ? 1 : 0));
        List<@Nullable Object> numbers = new ArrayList<>();
        for (long i = from; i < to; i++) {
          numbers.add(i);
        }
        yield numbers;
      }
      default ->
          throw new TemplateException(
              "The chat template calls " + function.name() + ", which is not supported.");
    };
  }

  private static Object method(@Nullable Object of, String name, List<@Nullable Object> arguments) {
    if (of instanceof Map<?, ?> map) {
      return switch (name) {
        case "items" -> filter("items", map, arguments, null);
        case "keys" -> new ArrayList<>(map.keySet());
        case "values" -> new ArrayList<>(map.values());
        case "get" -> {
          @Nullable Object value = map.get(arguments.getFirst());
          yield value != null ? value : arguments.size() > 1 ? some(arguments.get(1)) : "";
        }
        default -> throw unknownMethod(name);
      };
    }
    String text = Values.text(of);
    return switch (name) {
      case "strip" ->
          arguments.isEmpty() ? text.strip() : strip(text, text(arguments, 0), true, true);
      case "lstrip" ->
          arguments.isEmpty() ? text.stripLeading() : strip(text, text(arguments, 0), true, false);
      case "rstrip" ->
          arguments.isEmpty() ? text.stripTrailing() : strip(text, text(arguments, 0), false, true);
      case "startswith" -> text.startsWith(text(arguments, 0));
      case "endswith" -> text.endsWith(text(arguments, 0));
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "replace" -> text.replace(text(arguments, 0), text(arguments, 1));
      case "split" -> split(text, arguments);
      default -> throw unknownMethod(name);
    };
  }

  private static Object some(@Nullable Object value) {
    return value == null ? Values.UNDEFINED : value;
  }

  private static List<@Nullable Object> split(String text, List<@Nullable Object> arguments) {
    if (arguments.isEmpty()) {
      String stripped = text.strip();
      return stripped.isEmpty()
          ? new ArrayList<>()
          : new ArrayList<>(List.of(stripped.split("\\s+")));
    }
    String separator = text(arguments, 0);
    List<@Nullable Object> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static String strip(String text, String characters, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && characters.indexOf(text.charAt(from)) >= 0) {
      from++;
    }
    while (right && to > from && characters.indexOf(text.charAt(to - 1)) >= 0) {
      to--;
    }
    return text.substring(from, to);
  }

  private static Object filter(
      String name,
      @Nullable Object of,
      List<@Nullable Object> arguments,
      Expression.@Nullable Filter filter) {
    return switch (name) {
      case "trim" -> Values.text(of).strip();
      case "upper" -> Values.text(of).toUpperCase(Locale.ROOT);
      case "lower" -> Values.text(of).toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalize(Values.text(of));
      case "string" -> Values.text(of);
      case "length", "count" ->
          of instanceof Map<?, ?> map ? (long) map.size() : (long) Values.items(of).size();
      case "list" -> Values.items(of);
      case "first" -> some(Values.items(of).getFirst());
      case "last" -> some(Values.items(of).getLast());
      case "int" -> of instanceof String text ? Long.parseLong(text.strip()) : (long) number(of);
      case "default" -> of == null || Values.isUndefined(of) ? some(arguments.getFirst()) : of;
      case "replace" -> Values.text(of).replace(text(arguments, 0), text(arguments, 1));
      case "join" ->
          String.join(
              arguments.isEmpty() ? "" : text(arguments, 0),
              Values.items(of).stream().map(Values::text).toList());
      case "reverse" -> {
        List<@Nullable Object> reversed = Values.items(of);
        Collections.reverse(reversed);
        yield of instanceof String
            ? String.join("", reversed.stream().map(Values::text).toList())
            : reversed;
      }
      case "items" -> {
        List<@Nullable Object> pairs = new ArrayList<>();
        if (of instanceof Map<?, ?> map) {
          map.forEach(
              (key, value) -> {
                List<@Nullable Object> pair = new ArrayList<>();
                pair.add(key);
                pair.add(value);
                pairs.add(pair);
              });
        }
        yield pairs;
      }
      case "tojson" -> {
        if (filter != null && (!filter.named().isEmpty() || !arguments.isEmpty())) {
          throw new TemplateException(
              "The chat template passes options to tojson, which is not supported.");
        }
        yield Values.json(of);
      }
      case "safe" -> Objects.requireNonNullElse(of, "");
      default ->
          throw new TemplateException(
              "The chat template uses the filter " + name + ", which is not supported.");
    };
  }

  private static String capitalize(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static boolean test(String name, @Nullable Object value) {
    return switch (name) {
      case "defined" -> !Values.isUndefined(value);
      case "undefined" -> Values.isUndefined(value);
      case "none" -> value == null;
      case "string" -> value instanceof String;
      case "number" -> value instanceof Number;
      case "integer" -> value instanceof Long;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable", "sequence" ->
          value instanceof List<?> || value instanceof Map<?, ?> || value instanceof String;
      case "odd" -> integer(value) % 2 != 0;
      case "even" -> integer(value) % 2 == 0;
      default ->
          throw new TemplateException(
              "The chat template uses the test " + name + ", which is not supported.");
    };
  }

  private static String text(List<@Nullable Object> arguments, int index) {
    return index < arguments.size() ? Values.text(arguments.get(index)) : "";
  }

  private static double number(@Nullable Object value) {
    return switch (value) {
      case Number number -> number.doubleValue();
      case Boolean flag -> flag ? 1 : 0;
      case null, default ->
          throw new TemplateException(
              "The chat template calculates with " + Values.text(value) + ".");
    };
  }

  private static int integer(@Nullable Object value) {
    return (int) number(value);
  }

  private static TemplateException unknownMethod(String name) {
    return new TemplateException(
        "The chat template calls the method " + name + ", which is not supported.");
  }
}
