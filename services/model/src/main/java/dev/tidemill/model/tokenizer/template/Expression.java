package dev.tidemill.model.tokenizer.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Something in a template that has a value.
sealed interface Expression {
  record Literal(@Nullable Object value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListOf(List<Expression> items) implements Expression {}

  record DictOf(List<Map.Entry<Expression, Expression>> entries) implements Expression {}

  record Attribute(Expression of, String name) implements Expression {}

  record Index(Expression of, Expression at) implements Expression {}

  record Slice(Expression of, @Nullable Expression from, @Nullable Expression to)
      implements Expression {}

  record Call(Expression function, List<Expression> arguments, Map<String, Expression> named)
      implements Expression {}

  record Filter(
      Expression of, String name, List<Expression> arguments, Map<String, Expression> named)
      implements Expression {}

  record Test(Expression of, String name, boolean negated) implements Expression {}

  record Unary(String operator, Expression of) implements Expression {}

  record Binary(String operator, Expression left, Expression right) implements Expression {}

  record Choice(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {}
}
