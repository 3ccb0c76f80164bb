package dev.tidemill.inference.serving;

import java.util.function.BooleanSupplier;

/// The loading of a release was given up for something better; it is tried again.
final class GivenUpException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private GivenUpException() {
    super("given up for something better", null, false, false);
  }

  static void when(BooleanSupplier better) {
    if (better.getAsBoolean()) {
      throw new GivenUpException();
    }
  }
}
