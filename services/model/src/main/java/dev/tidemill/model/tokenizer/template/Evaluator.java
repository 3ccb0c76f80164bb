package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
          Builtins.filter(
              filter.name(), evaluate(filter.of(), scope), all(filter.arguments(), scope), filter);
      case Expression.Test test ->
          Builtins.test(test.name(), evaluate(test.of(), scope)) != test.negated();
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
    int at = Values.integer(value);
    return Math.clamp(at < 0 ? size + at : at, 0, size);
  }

  private static @Nullable Object unary(
      Expression.Unary unary, Map<String, @Nullable Object> scope) {
    @Nullable Object value = evaluate(unary.of(), scope);
    if (unary.operator().equals("not")) {
      return !Values.truth(value);
    }
    return value instanceof Long number ? (Object) (-number) : (Object) (-Values.number(value));
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
    double a = Values.number(left);
    double b = Values.number(right);
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
    return Double.compare(Values.number(left), Values.number(right));
  }

  private static @Nullable Object call(Expression.Call call, Map<String, @Nullable Object> scope) {
    List<@Nullable Object> arguments = all(call.arguments(), scope);
    if (call.function() instanceof Expression.Attribute method) {
      return Builtins.method(evaluate(method.of(), scope), method.name(), arguments);
    }
    if (!(call.function() instanceof Expression.Name function)) {
      throw new TemplateException("The chat template calls something that is not a function.");
    }
    return switch (function.name()) {
      case "raise_exception" ->
          throw new TemplateException(
              "The chat template refuses the conversation: " + Builtins.text(arguments, 0));
      case "namespace" -> {
        Map<String, @Nullable Object> space = new HashMap<>();
        call.named().forEach((name, value) -> space.put(name, evaluate(value, scope)));
        yield space;
      }
      case "range" -> {
        int from = arguments.size() > 1 ? Values.integer(arguments.getFirst()) : 0;
        int to = Values.integer(arguments.get(arguments.size() > 1 ? 1 : 0));
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
}
