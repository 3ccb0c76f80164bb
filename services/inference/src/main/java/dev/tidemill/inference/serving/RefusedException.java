package dev.tidemill.inference.serving;

/// A release must not or cannot be served; the message is one sentence.
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  /// Why, in a word that fits a metric's label.
  enum Kind {
    /// Digest, signature or a file of the artifact is not right.
    ARTIFACT(false),
    /// The artifact is sound and not what the route says it is.
    MISMATCH(false),
    /// The model cannot be made of it: shapes, formats, values that are not finite.
    MODEL(false),
    /// It could not be read for now.
    UNREADABLE(true),
    /// There is no memory for it now.
    MEMORY(true);

    private final boolean temporary;

    Kind(boolean temporary) {
      this.temporary = temporary;
    }

    /// Whether it may be served later without anybody changing it.
    boolean temporary() {
      return temporary;
    }
  }

  private final Kind kind;

  RefusedException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  RefusedException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  Kind kind() {
    return kind;
  }

  /// The message, which is never null here.
  String reason() {
    return String.valueOf(getMessage());
  }
}
