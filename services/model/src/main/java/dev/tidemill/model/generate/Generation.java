package dev.tidemill.model.generate;

/// A finished answer.
///
/// @param text the answer, without the stop text
/// @param promptTokens tokens read
/// @param completionTokens tokens drawn
/// @param finish why it ended
public record Generation(
    String text, int promptTokens, int completionTokens, FinishReason finish) {}
