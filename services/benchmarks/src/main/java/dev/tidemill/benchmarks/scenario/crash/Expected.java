package dev.tidemill.benchmarks.scenario.crash;

import java.util.Set;

/// What must be in the topics in the end, in words that do not depend on the curator's own ids.
///
/// @param documents one line of content for each document that passes, to training or holdout
/// @param examples one line of content for each example, to training or holdout
/// @param refused `reason topic id` of each record that is refused; the bytes themselves where it
///   has no id
record Expected(Set<String> documents, Set<String> examples, Set<String> refused) {

  Expected {
    documents = Set.copyOf(documents);
    examples = Set.copyOf(examples);
    refused = Set.copyOf(refused);
  }

  /// The content of an example.
  ///
  /// @param kind sft, preference or binary
  /// @param about the completion, or nothing for a demonstration
  static String example(
      String kind, String task, String about, String subject, String prompt, String... answers) {
    return String.join("\n", kind, task, about, subject, prompt, String.join("\n", answers));
  }

  static String document(String id, String key, String text) {
    return String.join("\n", id, key, text);
  }

  static String refused(String reason, String topic, String id) {
    return reason + " " + topic + " " + id;
  }
}
