package dev.tidemill.tuner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Example;
import dev.tidemill.platform.window.Belonging;
import dev.tidemill.platform.window.Gate;
import dev.tidemill.platform.window.TrainedWindow;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowTrainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Counts the windows it has seen in its state folder.
final class CountingTrainer implements WindowTrainer<Example> {
  @Override
  public Belonging belonging(Example example) {
    return example.getTask().equals("support") ? Belonging.COUNTS : Belonging.OTHER;
  }

  @Override
  public String id(Example example) {
    return example.getId();
  }

  @Override
  public Instant eventTime(Example example) {
    return example.getEventTime();
  }

  @Override
  public Optional<String> whyNotReady() {
    return Optional.empty();
  }

  @Override
  public TrainedWindow train(
      Window<Example> window, @Nullable Previous previous, Path state, Progress progress) {
    progress.step();
    try {
      int seen =
          previous == null
              ? 0
              : Integer.parseInt(Files.readString(previous.state().resolve("count")));
      assertThat(seen).isEqualTo((int) window.sequence() - 1);
      Files.writeString(state.resolve("count"), Integer.toString(seen + 1));
      Path artifact = Files.createTempDirectory("counted");
      Files.writeString(artifact.resolve("weights"), "window " + window.sequence());
      return new TrainedWindow(
          artifact,
          "support",
          "sha256:" + "0".repeat(64),
          "support",
          List.of("support"),
          null,
          Map.of(),
          Map.of(),
          Gate.report(null, List.of(Gate.finiteTraining(null))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
