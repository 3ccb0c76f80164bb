package dev.tidemill.ingest.io;

import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/// Knows whether the broker answers and has the topics we write: it asks now and then, and hears of
/// acknowledgements. The gateway is ready while the last answer is not older than three questions.
public final class BrokerWatch implements AutoCloseable {

  private static final String READINESS = "ingest-broker";
  private static final List<String> WRITTEN =
      List.of(
          Topics.DOCUMENTS.name(),
          Topics.DEMONSTRATIONS.name(),
          Topics.FEEDBACK.name(),
          Topics.ERASURES.name(),
          Topics.IDEMPOTENCY.name());

  private final Health health;
  private final Duration interval;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final long startedNanos = System.nanoTime();
  // 0 until the broker has answered for the first time.
  private volatile long answeredNanos;
  private volatile String lastFault = "it has not answered yet";
  private @Nullable ServiceLoop loop;

  private BrokerWatch(Health health, Duration interval) {
    this.health = health;
    this.interval = interval;
  }

  /// Starts asking, at once and then at each interval.
  public static BrokerWatch start(
      KafkaClients clients, Health health, IngestMetrics metrics, Duration interval) {
    BrokerWatch watch = new BrokerWatch(health, interval);
    Admin admin = clients.admin();
    watch.loop =
        ServiceLoop.named("ingest-broker-watch", health)
            .heartbeatLimit(interval.multipliedBy(3).plusSeconds(30))
            .wakeup(watch.closing::countDown)
            .atEnd(() -> admin.close(Duration.ofSeconds(1)))
            .start(() -> watch.step(admin));
    health.readiness(READINESS, watch::whyNotReady);
    metrics.bind(watch);
    return watch;
  }

  /// The broker has acknowledged something.
  void answered() {
    answeredNanos = System.nanoTime() | 1;
  }

  /// Time since the broker last answered, or since the start if it never has.
  Duration silence() {
    long answered = answeredNanos;
    return Duration.ofNanos(System.nanoTime() - (answered == 0 ? startedNanos : answered));
  }

  Optional<String> whyNotReady() {
    Duration silence = silence();
    boolean ready = answeredNanos != 0 && silence.compareTo(interval.multipliedBy(3)) < 0;
    return ready
        ? Optional.empty()
        : Optional.of(
            "the broker has not answered for " + silence.toSeconds() + " s: " + lastFault);
  }

  @Override
  public void close() {
    health.removeReadiness(READINESS);
    if (loop != null) {
      loop.close();
    }
  }

  private void step(Admin admin) throws InterruptedException {
    try {
      var _ =
          admin
              .describeTopics(WRITTEN)
              .allTopicNames()
              .get(interval.toMillis(), TimeUnit.MILLISECONDS);
      answered();
    } catch (TimeoutException e) {
      lastFault = "no answer within " + interval.toMillis() + " ms";
    } catch (ExecutionException e) {
      Fault fault = KafkaFaults.classify(e);
      lastFault = String.valueOf(fault.getMessage());
    }
    if (closing.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
      lastFault = "the gateway is stopping";
    }
  }
}
