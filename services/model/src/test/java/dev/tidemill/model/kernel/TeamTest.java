package dev.tidemill.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TeamTest {
  private static final String HELPERS = "tidemill-decode-";
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void everyTaskIsDoneOnce(int threads) {
    try (Team team = new Team(threads)) {
      for (int phase = 0; phase < 500; phase++) {
        for (int tasks : new int[] {0, 1, 2, 50}) {
          AtomicIntegerArray done = new AtomicIntegerArray(tasks);
          team.run(tasks, done::incrementAndGet);
          assertEachOnce(done);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void whatATaskThrowsReachesTheCaller(int threads) {
    try (Team team = new Team(threads)) {
      for (Throwable fault :
          List.of(new IllegalArgumentException("seven"), new AssertionError("eight"))) {
        AtomicIntegerArray begun = new AtomicIntegerArray(50);
        assertThatThrownBy(
                () ->
                    team.run(
                        50,
                        task -> {
                          begun.incrementAndGet(task);
                          if (task == 7) {
                            raise(fault);
                          }
                        }))
            .isInstanceOf(IllegalStateException.class)
            .cause()
            .isSameAs(fault);
        assertEachOnce(begun);
        AtomicIntegerArray done = new AtomicIntegerArray(50);
        team.run(50, done::incrementAndGet);
        assertEachOnce(done);
      }
    }
  }

  @Test
  void aHelperWhoseTaskFailedWorksOn() {
    try (Team team = new Team(2)) {
      for (int phase = 0; phase < 3; phase++) {
        CountDownLatch meeting = new CountDownLatch(2);
        assertThatThrownBy(
                () ->
                    team.run(
                        2,
                        task -> {
                          meet(meeting);
                          if (Thread.currentThread().getName().startsWith(HELPERS)) {
                            throw new IllegalArgumentException("of a helper");
                          }
                        }))
            .isInstanceOf(IllegalStateException.class)
            .cause()
            .hasMessage("of a helper");
      }
    }
  }

  @Test
  void helpersThatSleptWorkOn() {
    List<Thread> before = helpers();
    try (Team team = new Team(4)) {
      List<Thread> helpers = helpersSince(before);
      for (int phase = 0; phase < 5; phase++) {
        awaitSleep(helpers);
        // Each task waits for the others: all four must take one.
        CountDownLatch meeting = new CountDownLatch(4);
        AtomicIntegerArray done = new AtomicIntegerArray(4);
        team.run(
            4,
            task -> {
              meet(meeting);
              done.incrementAndGet(task);
            });
        assertEachOnce(done);
      }
    }
  }

  @Test
  void closingEndsHelpersAsleepAndAwake() throws InterruptedException {
    for (boolean asleep : new boolean[] {true, false}) {
      List<Thread> before = helpers();
      List<Thread> helpers;
      try (Team team = new Team(3)) {
        helpers = helpersSince(before);
        assertThat(helpers)
            .allMatch(Thread::isDaemon)
            .extracting(Thread::getName)
            .containsExactlyInAnyOrder(HELPERS + 1, HELPERS + 2);
        if (asleep) {
          awaitSleep(helpers);
        } else {
          team.run(50, task -> {});
        }
      }
      for (Thread helper : helpers) {
        assertThat(helper.join(LIMIT)).isTrue();
      }
    }
  }

  private static void assertEachOnce(AtomicIntegerArray done) {
    for (int task = 0; task < done.length(); task++) {
      assertThat(done.get(task)).as("task %d of %d", task, done.length()).isEqualTo(1);
    }
  }

  private static void raise(Throwable fault) {
    switch (fault) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalArgumentException(fault);
    }
  }

  private static void meet(CountDownLatch meeting) {
    meeting.countDown();
    try {
      assertThat(meeting.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Thread> helpers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(HELPERS))
        .toList();
  }

  private static List<Thread> helpersSince(List<Thread> before) {
    List<Thread> helpers = new ArrayList<>(helpers());
    helpers.removeAll(before);
    return helpers;
  }

  private static void awaitSleep(List<Thread> helpers) {
    long end = System.nanoTime() + LIMIT.toNanos();
    for (Thread helper : helpers) {
      while (helper.getState() != Thread.State.WAITING) {
        assertThat(System.nanoTime()).as("%s does not sleep", helper).isLessThan(end);
        Thread.onSpinWait();
      }
    }
  }
}
