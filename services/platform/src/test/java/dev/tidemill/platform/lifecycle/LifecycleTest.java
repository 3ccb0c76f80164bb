package dev.tidemill.platform.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LifecycleTest {

  private final List<String> closed = new CopyOnWriteArrayList<>();
  private final Lifecycle lifecycle = new Lifecycle();

  @Test
  void partsCloseInReverseOrderAndOnce() {
    lifecycle.add("a", () -> closed.add("a"));
    lifecycle.add("b", () -> closed.add("b"));
    lifecycle.close();
    lifecycle.close();
    assertThat(closed).containsExactly("b", "a");
  }

  @Test
  void failuresAndHangsDoNotKeepTheOthersOpen() {
    CountDownLatch never = new CountDownLatch(1);
    lifecycle.add("first", () -> closed.add("first"));
    lifecycle.add("stuck", Duration.ofMillis(50), never::await);
    lifecycle.add(
        "broken",
        () -> {
          throw new IOException("disk");
        });
    assertThatThrownBy(lifecycle::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "could not be closed in order: broken (java.io.IOException: disk), stuck (did not close"
                + " within 0 s)")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    assertThat(closed).containsExactly("first");
  }

  @Test
  void nothingIsAddedAfterTheStop() {
    lifecycle.close();
    assertThatThrownBy(() -> lifecycle.add("late", () -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("late was added after the stop began");
  }
}
