package dev.tidemill.model.generate;

/// Why an answer ended.
public enum FinishReason {
  /// The model ended it, or a stop text came up.
  STOP,
  /// The longest answer or the model's longest sequence was reached.
  LENGTH
}
