package dev.tidemill.curator.text.pii;

import java.util.ArrayList;
import java.util.List;

/// A text whose personal data is known.
record Sample(String text, List<Span> labels) {

  /// Puts values into the `{}` of a sentence, and labels each that has a kind.
  static Sample of(String sentence, Value... values) {
    StringBuilder text = new StringBuilder();
    List<Span> labels = new ArrayList<>();
    int from = 0;
    for (Value value : values) {
      int hole = sentence.indexOf("{}", from);
      text.append(sentence, from, hole).append(value.before);
      int start = text.length();
      text.append(value.text);
      if (value.kind != null) {
        labels.add(new Span(start, text.length(), value.kind));
      }
      text.append(value.after);
      from = hole + 2;
    }
    return new Sample(text.append(sentence.substring(from)).toString(), labels);
  }

  /// What stands in a sentence.
  ///
  /// @param kind null when it is no personal data
  /// @param before what belongs before it, such as a name in an assignment
  /// @param after what belongs behind it
  record Value(PiiKind kind, String text, String before, String after) {
    static Value of(PiiKind kind, String text) {
      return new Value(kind, text, "", "");
    }
  }
}
