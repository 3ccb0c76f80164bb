package dev.tidemill.platform.window;

import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Named places of the window protocol at which a test may end the trainer. In production nothing
/// happens there.
@FunctionalInterface
public interface CrashPoints {

  /// The system property that [#fromSystemProperty()] reads.
  String PROPERTY = "tidemill.crash";

  /// The places, in the order a window passes them.
  enum Phase {
    /// The window is closed, nothing is trained.
    COLLECTED,
    /// In the middle of training; passed at each progress report.
    TRAINING,
    /// Trained; the artifact is not published.
    TRAINED,
    /// The artifact is in the store; no checkpoint knows it.
    ARTIFACT_PUBLISHED,
    /// The checkpoint's files are on disk, but not in place.
    CHECKPOINT_WRITTEN,
    /// The checkpoint is in place; nothing is in Kafka.
    PREPARED,
    /// Candidate and offsets are sent; the transaction is open.
    TRANSACTION_OPEN,
    /// The transaction is committed; nothing is cleaned up.
    COMMITTED
  }

  /// A window passes this place.
  void reached(Phase phase);

  /// Nothing happens anywhere.
  static CrashPoints none() {
    return phase -> {};
  }

  /// What `-Dtidemill.crash=PHASE[:N[:halt|wait]]` asks for: the N-th time the phase is reached
  /// (1 unless told) the JVM halts at once with 137 as after `kill -9`, or it says so on standard
  /// error and waits to be killed. Without the property nothing happens anywhere.
  static CrashPoints fromSystemProperty() {
    @Nullable String spec = System.getProperty(PROPERTY);
    return spec == null || spec.isBlank() ? none() : parse(spec);
  }

  private static CrashPoints parse(String spec) {
    String[] parts = spec.strip().split(":", -1);
    Phase wanted = Phase.valueOf(parts[0].toUpperCase(Locale.ROOT));
    int times = parts.length > 1 ? Integer.parseInt(parts[1]) : 1;
    boolean wait = parts.length > 2 && parts[2].equals("wait");
    AtomicInteger seen = new AtomicInteger();
    return phase -> {
      if (phase == wanted && seen.incrementAndGet() == times) {
        System.err.println("crash point " + phase + " reached" + (wait ? ", waiting" : ""));
        System.err.flush();
        if (wait) {
          waitForEver();
        }
        Runtime.getRuntime().halt(137);
      }
    };
  }

  private static void waitForEver() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
