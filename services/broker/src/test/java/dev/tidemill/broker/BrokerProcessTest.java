package dev.tidemill.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The broker as a child process: it says when it is ready, and ends with its standard input.
@Timeout(90)
class BrokerProcessTest {

  @TempDir Path data;

  @Test
  void itEndsWhenItsInputEndsAndASecondOneIsRefused() throws Exception {
    Process first = start();
    try (BufferedReader out = first.inputReader()) {
      assertThat(out.readLine()).startsWith("ready 127.0.0.1:");

      Process second = start();
      assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).isEqualTo(2);
      assertThat(
              new String(
                      second.getErrorStream().readAllBytes(),
                      java.nio.charset.StandardCharsets.UTF_8)
                  .strip())
          .isEqualTo(
              "another broker is using the directory %s (process %d)".formatted(data, first.pid()));

      first.outputWriter().close();
      assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(first.exitValue()).isEqualTo(0);
    } finally {
      first.destroyForcibly();
    }
  }

  private Process start() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx384m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("--data", data.toString(), "--port", "0"));
    return new ProcessBuilder(command).start();
  }
}
