package dev.tidemill.inference.serving;

import java.util.concurrent.atomic.AtomicReference;

/// The one reference that requests read and the keeper switches.
public final class Serving {
  private final AtomicReference<ServingTable> table = new AtomicReference<>(ServingTable.UNKNOWN);

  public ServingTable table() {
    return table.get();
  }

  /// Takes hold of the release that answers for a model name and a user.
  ///
  /// @throws dev.tidemill.platform.http.Problem when nobody answers
  public Lease lease(String model, String user) {
    while (true) {
      ServingTable.Choice choice = table.get().choose(model, user);
      if (choice.release().tryAcquire()) {
        return new Lease(choice.release(), choice.arm());
      }
      // Let go between the look and the grip: the table that no longer names it is published.
      Thread.onSpinWait();
    }
  }

  void publish(ServingTable next) {
    table.set(next);
  }
}
