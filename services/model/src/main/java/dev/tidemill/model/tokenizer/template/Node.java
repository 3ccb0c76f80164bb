package dev.tidemill.model.tokenizer.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A piece of a template, in the order of the page.
sealed interface Node {
  record Text(String text) implements Node {}

  record Output(Expression value) implements Node {}

  record If(Expression condition, List<Node> then, List<Node> otherwise) implements Node {}

  record For(List<String> names, Expression over, @Nullable Expression where, List<Node> body)
      implements Node {}

  /// `{% set name = value %}`, or `{% set space.attribute = value %}`.
  record Set(String name, @Nullable String attribute, Expression value) implements Node {}
}
