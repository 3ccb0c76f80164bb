package dev.tidemill.platform.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Health;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.WakeupException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ServiceLoopTest {

  private static final Backoff QUICK = new Backoff(Duration.ofMillis(1), Duration.ofMillis(2));

  private final Health health = new Health();
  private final AtomicInteger rounds = new AtomicInteger();

  @Test
  void itGoesRoundUntilClosedBeginningAndEndingOnItsOwnThread() throws Exception {
    LinkedBlockingQueue<String> ended = new LinkedBlockingQueue<>();
    LinkedBlockingQueue<String> begun = new LinkedBlockingQueue<>();
    CountDownLatch woken = new CountDownLatch(1);
    ServiceLoop loop =
        ServiceLoop.named("loop", health)
            .wakeup(woken::countDown)
            .atStart(() -> begun.add(Thread.currentThread().getName() + " " + rounds.get()))
            .atEnd(() -> ended.add(Thread.currentThread().getName()))
            .start(
                () -> {
                  if (rounds.incrementAndGet() > 2) {
                    woken.await();
                    throw new WakeupException();
                  }
                });
    Awaitility.await().until(() -> rounds.get() > 2);
    assertThat(health.live().checks()).hasSize(1);
    loop.close();
    assertThat(begun).containsExactly("loop 0");
    assertThat(ended.poll(1, TimeUnit.SECONDS)).isEqualTo("loop");
    assertThat(loop.running()).isFalse();
    assertThat(loop.failure()).isEmpty();
    assertThat(health.live().checks()).isEmpty();
  }

  @Test
  void retriableFaultsAreTriedAgain() {
    try (ServiceLoop loop =
        ServiceLoop.named("loop", health)
            .backoff(QUICK)
            .start(
                () -> {
                  int round = rounds.incrementAndGet();
                  if (round == 1) {
                    throw new RetriableFault("the broker is away");
                  }
                  if (round == 2) {
                    throw new NetworkException("gone");
                  }
                })) {
      Awaitility.await().until(() -> rounds.get() > 3);
      assertThat(loop.failure()).isEmpty();
      assertThat(health.live().ok()).isTrue();
    }
  }

  @Test
  void whateverElseEndsItLoudly() {
    for (RuntimeException error :
        new RuntimeException[] {
          new IllegalStateException("a bug"),
          new FatalFault("no use"),
          new ProducerFencedException("x")
        }) {
      Health ofThis = new Health();
      try (ServiceLoop loop =
          ServiceLoop.named("loop", ofThis)
              .backoff(QUICK)
              .start(
                  () -> {
                    throw error;
                  })) {
        Health.Failure failure = ofThis.firstFailure().join();
        assertThat(failure.name()).isEqualTo("loop");
        assertThat(failure.cause())
            .satisfiesAnyOf(
                cause -> assertThat(cause).isSameAs(error),
                cause -> assertThat(cause).hasCause(error));
        Awaitility.await().until(() -> !loop.running());
        assertThat(ofThis.live().ok()).isFalse();
      }
    }
  }

  @Test
  void aBackoffUnderWayEndsAtOnce() {
    ServiceLoop loop =
        ServiceLoop.named("loop", health)
            .backoff(new Backoff(Duration.ofMinutes(5), Duration.ofMinutes(5)))
            .start(
                () -> {
                  rounds.incrementAndGet();
                  throw new RetriableFault("never");
                });
    Awaitility.await().until(() -> rounds.get() == 1);
    loop.close();
    assertThat(loop.running()).isFalse();
  }

  @Test
  void aStepThatHangsIsInterrupted() {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    ServiceLoop loop =
        ServiceLoop.named("loop", health)
            .stopLimit(Duration.ofMillis(50))
            .start(
                () -> {
                  began.countDown();
                  never.await();
                });
    Awaitility.await().until(() -> began.getCount() == 0);
    loop.close();
    assertThat(loop.running()).isFalse();
    assertThat(loop.failure()).isEmpty();
  }

  @Test
  void backoffDoublesUpToItsMost() {
    Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
    assertThat(java.util.stream.IntStream.rangeClosed(1, 6).mapToObj(backoff::wait))
        .containsExactly(
            Duration.ofMillis(100),
            Duration.ofMillis(200),
            Duration.ofMillis(400),
            Duration.ofMillis(800),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1));
  }
}
