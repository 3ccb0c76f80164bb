package dev.tidemill.inference.decode;

import org.jspecify.annotations.Nullable;

/// How a sequence ended.
///
/// @param end why
/// @param text the whole answer, or as much as there was
/// @param promptTokens tokens read
/// @param completionTokens tokens drawn
/// @param timeToFirstTokenSeconds from admission; NaN when there was none
/// @param durationSeconds from admission to the end
/// @param reason one sentence when it did not end by itself
public record Outcome(
    End end,
    String text,
    int promptTokens,
    int completionTokens,
    double timeToFirstTokenSeconds,
    double durationSeconds,
    @Nullable String reason) {

  /// Why a sequence ended.
  public enum End {
    /// The model ended it, or a stop text came up.
    STOP("stop"),
    /// The longest answer was reached.
    LENGTH("length"),
    /// The client went away.
    CANCELLED("cancelled"),
    /// It took too long.
    DEADLINE("error"),
    /// The service stopped before it was done.
    STOPPED("error"),
    /// Decoding failed.
    FAILED("error");

    private final String finishReason;

    End(String finishReason) {
      this.finishReason = finishReason;
    }

    /// The word for completions and, when the answer is whole, for clients.
    public String finishReason() {
      return finishReason;
    }

    /// Whether the client has a whole answer.
    public boolean whole() {
      return this == STOP || this == LENGTH;
    }
  }
}
