package dev.tidemill.inference.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class BackgroundThreadTest {
  private static final int NICE = 18;

  @Test
  @EnabledOnOs(OS.LINUX)
  void givesWayAloneAndNotTheWholeProcess() throws InterruptedException {
    int before = niceness();
    AtomicInteger background = new AtomicInteger();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  BackgroundThread.giveWay();
                  background.set(niceness());
                });
    thread.join();
    assertThat(background).hasValue(BackgroundThread.NICENESS);
    assertThat(niceness()).isEqualTo(before);
  }

  /// Of the calling thread: the nineteenth field, the second of which may have spaces.
  private static int niceness() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return Integer.parseInt(fields[NICE - 2]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
