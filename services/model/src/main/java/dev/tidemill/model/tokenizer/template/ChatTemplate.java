package dev.tidemill.model.tokenizer.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A parsed chat template. Immutable; rendering is safe on any thread.
///
/// Supported is what templates of published chat models use: for, if, set, namespaces, slices,
/// the usual filters, tests and string methods, `raise_exception`. Macros, imports and loops with
/// an else are not, and a template that uses them is refused by name when it is parsed.
public final class ChatTemplate {
  private final List<Node> nodes;

  private ChatTemplate(List<Node> nodes) {
    this.nodes = nodes;
  }

  /// Parses a page once for many renderings.
  ///
  /// @throws TemplateException when the page uses what is not supported
  public static ChatTemplate parse(String page) {
    return new ChatTemplate(TemplateParser.parse(page));
  }

  /// Fills the template in. Values are texts, numbers, booleans, lists, maps and null.
  ///
  /// @throws TemplateException when the template refuses the values
  public String render(Map<String, ?> values) {
    StringBuilder out = new StringBuilder();
    Map<String, @Nullable Object> scope = new HashMap<>(values);
    render(nodes, scope, out);
    return out.toString();
  }

  private static void render(
      List<Node> nodes, Map<String, @Nullable Object> scope, StringBuilder out) {
    for (Node node : nodes) {
      switch (node) {
        case Node.Text text -> out.append(text.text());
        case Node.Output output ->
            out.append(Values.text(Evaluator.evaluate(output.value(), scope)));
        case Node.If branch -> {
          boolean holds = Values.truth(Evaluator.evaluate(branch.condition(), scope));
          render(holds ? branch.then() : branch.otherwise(), scope, out);
        }
        case Node.For loop -> loop(loop, scope, out);
        case Node.Set set -> assign(set, scope);
      }
    }
  }

  /// Names set inside a loop are gone after it, as in Jinja; only namespaces carry values out.
  private static void loop(Node.For loop, Map<String, @Nullable Object> scope, StringBuilder out) {
    List<@Nullable Object> items = new ArrayList<>();
    for (Object item : Values.items(Evaluator.evaluate(loop.over(), scope))) {
      Expression where = loop.where();
      if (where == null || Values.truth(Evaluator.evaluate(where, bind(loop, item, scope)))) {
        items.add(item);
      }
    }
    for (int i = 0; i < items.size(); i++) {
      Map<String, @Nullable Object> inner = bind(loop, items.get(i), scope);
      Map<String, @Nullable Object> position = new HashMap<>();
      position.put("index", (long) i + 1);
      position.put("index0", (long) i);
      position.put("revindex", (long) items.size() - i);
      position.put("revindex0", (long) items.size() - i - 1);
      position.put("first", i == 0);
      position.put("last", i == items.size() - 1);
      position.put("length", (long) items.size());
      position.put("previtem", i == 0 ? null : items.get(i - 1));
      position.put("nextitem", i == items.size() - 1 ? null : items.get(i + 1));
      inner.put("loop", position);
      render(loop.body(), inner, out);
    }
  }

  private static Map<String, @Nullable Object> bind(
      Node.For loop, @Nullable Object item, Map<String, @Nullable Object> scope) {
    Map<String, @Nullable Object> inner = new HashMap<>(scope);
    if (loop.names().size() == 1) {
      inner.put(loop.names().getFirst(), item);
    } else {
      List<@Nullable Object> parts = Values.items(item);
      for (int i = 0; i < loop.names().size(); i++) {
        inner.put(loop.names().get(i), parts.get(i));
      }
    }
    return inner;
  }

  @SuppressWarnings("unchecked") // a namespace is always made by Evaluator as a map from texts
  private static void assign(Node.Set set, Map<String, @Nullable Object> scope) {
    @Nullable Object value = Evaluator.evaluate(set.value(), scope);
    String attribute = set.attribute();
    if (attribute == null) {
      scope.put(set.name(), value);
    } else if (scope.get(set.name()) instanceof Map<?, ?> space) {
      ((Map<String, @Nullable Object>) space).put(attribute, value);
    } else {
      throw new TemplateException("The chat template sets an attribute of " + set.name() + ".");
    }
  }
}
