package dev.tidemill.curator.text.pii;

/// Finds one kind of personal data. It has no state and is shared by threads.
///
/// Its time is linear in the text: it looks for a character that its kind cannot be without and
/// reads a bounded number of characters around it.
interface Detector {
  void find(String text, Spans found);

  /// How many digits a text must have for this detector to find anything.
  default int leastDigits() {
    return 0;
  }
}
