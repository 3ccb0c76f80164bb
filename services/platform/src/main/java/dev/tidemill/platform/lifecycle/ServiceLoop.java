package dev.tidemill.platform.lifecycle;

import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.health.Heartbeat;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One named platform thread that runs a step again and again until it is closed.
///
/// Each round beats the heartbeat. A [RetriableFault] (or a Kafka exception that stands for one) is
/// logged and the step tried again after a back-off; anything else ends the loop, marks the process
/// as failed through [Health], and is there to be read in [#failure()]. Closing wakes the step by
/// the given wake-up (a consumer's `wakeup`, say) and waits for the thread.
public final class ServiceLoop implements AutoCloseable {

  /// What is done in each round; it should come back within a second or so when there is no work.
  @FunctionalInterface
  public interface Step {
    void run() throws Exception;
  }

  private static final Logger log = LoggerFactory.getLogger(ServiceLoop.class);

  private final String name;
  private final Step step;
  private final Step atStart;
  private final Step atEnd;
  private final Runnable wakeup;
  private final Backoff backoff;
  private final Duration stopLimit;
  private final Heartbeat heartbeat;
  private final Thread thread;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable Throwable failure;

  private ServiceLoop(Builder builder, Step step) {
    this.name = builder.name;
    this.step = step;
    this.atStart = builder.atStart;
    this.atEnd = builder.atEnd;
    this.wakeup = builder.wakeup;
    this.backoff = builder.backoff;
    this.stopLimit = builder.stopLimit;
    this.heartbeat = builder.health.heartbeat(name, builder.heartbeatLimit);
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  /// A loop of this name, whose heartbeat is registered with `health`.
  public static Builder named(String name, Health health) {
    return new Builder(name, health);
  }

  /// The optional parts of a loop.
  public static final class Builder {
    private final String name;
    private final Health health;
    private Duration heartbeatLimit = Duration.ofSeconds(60);
    private Duration stopLimit = Duration.ofSeconds(25);
    private Backoff backoff = Backoff.DEFAULT;
    private Runnable wakeup = () -> {};
    private Step atStart = () -> {};
    private Step atEnd = () -> {};

    private Builder(String name, Health health) {
      this.name = name;
      this.health = health;
    }

    /// How long a round may take before the process counts as dead; 60 s unless told.
    public Builder heartbeatLimit(Duration limit) {
      this.heartbeatLimit = limit;
      return this;
    }

    /// How long closing waits for the step under way before it interrupts it; 25 s unless told.
    public Builder stopLimit(Duration limit) {
      this.stopLimit = limit;
      return this;
    }

    public Builder backoff(Backoff newBackoff) {
      this.backoff = newBackoff;
      return this;
    }

    /// Called by whoever closes the loop, to make the step under way come back.
    public Builder wakeup(Runnable newWakeup) {
      this.wakeup = newWakeup;
      return this;
    }

    /// Called on the loop's own thread before the first round; an error ends the loop.
    public Builder atStart(Step newAtStart) {
      this.atStart = newAtStart;
      return this;
    }

    /// Called on the loop's own thread when it ends, in order or by an error: the place to close
    /// what only that thread may touch.
    public Builder atEnd(Step newAtEnd) {
      this.atEnd = newAtEnd;
      return this;
    }

    /// Starts the thread.
    public ServiceLoop start(Step step) {
      ServiceLoop loop = new ServiceLoop(this, step);
      loop.thread.start();
      return loop;
    }
  }

  /// The error that ended the loop, if one did.
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /// Whether the thread still runs.
  public boolean running() {
    return thread.isAlive();
  }

  /// Whether closing has begun; a long step should look and come back early.
  public boolean closing() {
    return closing.getCount() == 0;
  }

  /// The loop's pulse, for a long step to beat while it goes on.
  public Heartbeat heartbeat() {
    return heartbeat;
  }

  /// Wakes the loop and waits until its thread has ended. Not to be called by that thread.
  @Override
  public void close() {
    closing.countDown();
    wakeup.run();
    try {
      if (!thread.join(stopLimit)) {
        log.warn("{} did not come back within {}; interrupting it", name, stopLimit);
        thread.interrupt();
        if (!thread.join(Duration.ofSeconds(3))) {
          throw new IllegalStateException(name + " does not end");
        }
      }
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    int failures = 0;
    try {
      atStart.run();
      while (!closing()) {
        heartbeat.beat();
        try {
          step.run();
          failures = 0;
        } catch (WakeupException e) {
          log.debug("{} was woken", name);
        } catch (RetriableFault | KafkaException e) {
          failures++;
          waitBeforeRetry(KafkaFaults.classify(e), failures);
        }
      }
    } catch (InterruptedException e) {
      if (!closing()) {
        fail(e);
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      end();
    }
  }

  private void waitBeforeRetry(Fault fault, int failures) throws InterruptedException {
    if (!(fault instanceof RetriableFault)) {
      throw fault;
    }
    Duration wait = backoff.wait(failures);
    log.warn("{}: try {} failed, next in {}: {}", name, failures, wait, fault.getMessage());
    // Ends at once when the loop is closed.
    if (closing.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
      log.debug("{} is closing; no further try", name);
    }
  }

  private void fail(Throwable cause) {
    failure = cause;
    log.error("{} ended by an error: {}", name, cause.getMessage(), cause);
    heartbeat.fail(cause);
  }

  private void end() {
    try {
      atEnd.run();
    } catch (Exception e) {
      log.warn("{}: closing failed: {}", name, e.getMessage(), e);
    }
    if (failure == null) {
      heartbeat.close();
    }
  }
}
