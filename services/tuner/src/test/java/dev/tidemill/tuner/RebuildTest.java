package dev.tidemill.tuner;

import static dev.tidemill.tuner.CountedLine.IN_A_WINDOW;
import static dev.tidemill.tuner.CountedLine.NOW;
import static dev.tidemill.tuner.CountedLine.TASK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.Window;
import dev.tidemill.schemas.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What erasures do to the window protocol, on a real Kafka, with a trainer that only counts.
/// Example `e<n>` lies at offset n.
class RebuildTest {
  private static final int PARTITION = Partitions.of(TASK, Topics.EXAMPLES.partitions());

  private final Path folder;
  private final CountedLine line;

  RebuildTest(@TempDir Path folder) {
    this.folder = folder;
    line = new CountedLine(folder);
  }

  @Test
  void anErasureInATrainedWindowBeginsANewGenerationWithoutIt() throws IOException {
    line.send(0, 9);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 2);
      erase("x", 2);
      line.runUntilPublished(loop, 4);
    }

    assertThat(line.candidates())
        .extracting(Candidate::getId)
        .containsExactly(
            "tuner/support#1", "tuner/support#2", "tuner/support~2#1", "tuner/support~2#2");
    Candidate first = line.candidates().get(2);
    assertThat(first.getWindows()).containsExactly(range(0, 2), range(3, 5));
    assertThat(line.artifacts.open(first.getArtifact()).manifest().examplesDigest())
        .isEqualTo(Window.digestOf(List.of("e0", "e1", "e3", "e4")));
    assertThat(line.account())
        .satisfies(
            account -> {
              assertThat(account.lineage()).isEqualTo("tuner/support~2");
              assertThat(account.windows()).isEqualTo(2);
              assertThat(account.trained()).isEqualTo(8);
            });
    Path root = folder.resolve("state/tuner-support");
    assertThat(names(root))
        .as("nothing of the first generation is left")
        .containsExactlyInAnyOrder("lock", "generation-2");

    // As a kill leaves it in the middle of that.
    Files.createDirectories(root.resolve("checkpoint-000000000002/state"));
    Files.createDirectories(root.resolve(".staged-3"));
    Files.createDirectories(root.resolve("damaged-checkpoint-000000000001"));
    try (var restarted = line.loop()) {
      line.runUntilPublished(restarted, 4);
    }
    assertThat(names(root)).containsExactlyInAnyOrder("lock", "generation-2");
  }

  @Test
  void anErasureOfWhatIsNotTrainedYetBeginsNone() {
    line.send(0, 9);
    erase("x", 1);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 1);
      erase("y", 5);
      line.runUntilPublished(loop, 1);
      line.send(9, 12);
      line.runUntilPublished(loop, 2);
    }

    assertThat(line.candidates())
        .extracting(Candidate::getId)
        .containsExactly("tuner/support#1", "tuner/support#2");
    assertThat(line.candidates().getFirst().getWindows()).containsExactly(range(0, 1), range(2, 5));
    assertThat(line.candidates().getLast().getWindows()).containsExactly(range(5, 5), range(6, 10));
    assertThat(line.account().trained()).isEqualTo(8);
  }

  /// The erasure becomes visible while a window is under way that holds the record.
  @ParameterizedTest
  @EnumSource(names = {"COLLECTED", "TRAINED", "PREPARED", "TRANSACTION_OPEN"})
  void anErasureWhileAWindowIsUnderWay(Phase phase) {
    line.send(0, 5);
    boolean[] erased = new boolean[1];
    CrashPoints erasing =
        now -> {
          if (now == phase && !erased[0]) {
            erased[0] = true;
            erase("x", 1);
          }
        };
    boolean tooLate = phase == Phase.TRANSACTION_OPEN;
    try (var loop = line.loop("state", erasing)) {
      line.runUntilPublished(loop, tooLate ? 2 : 1);
    }

    assertThat(line.candidates())
        .extracting(Candidate::getId)
        .containsExactlyElementsOf(
            tooLate ? List.of("tuner/support#1", "tuner/support~2#1") : List.of("tuner/support#1"));
    Candidate counts = line.candidates().getLast();
    assertThat(counts.getWindows()).containsExactly(range(0, 1), range(2, 5));
    assertThat(counts.getExamples()).isEqualTo(IN_A_WINDOW);
    assertThat(line.account().trained()).isEqualTo(IN_A_WINDOW);
    assertThat(names(folder.resolve("artifacts/sha256")))
        .as("no artifact is left that was not published")
        .hasSize(line.candidates().size());
  }

  /// One rebuild that is killed at every phase, one after another.
  @Test
  void theAuditBalancesAfterKillsAtEveryPhaseOfTheRebuild() {
    int windows = Phase.values().length;
    line.send(0, windows * IN_A_WINDOW + 1);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 2);
    }
    erase("x", 2);
    for (Phase phase : Phase.values()) {
      try (var loop = line.loopKilledAt(phase, 1)) {
        assertThatThrownBy(() -> line.runUntilPublished(loop, 2 + windows))
            .as("killed at %s", phase)
            .isInstanceOf(CountedLine.Killed.class);
      }
    }

    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 2 + windows);
    }

    assertThat(line.account())
        .satisfies(
            account -> {
              assertThat(account.lineage()).isEqualTo("tuner/support~2");
              assertThat(account.windows()).isEqualTo(windows);
              assertThat(account.trained()).isEqualTo(windows * (long) IN_A_WINDOW);
              assertThat(account.pending()).isZero();
            });
    assertThat(line.candidates()).extracting(Candidate::getId).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource(names = {"PREPARED", "COMMITTED"})
  void anErasureBetweenAKillAndTheRestart(Phase phase) {
    line.send(0, 10);
    try (var loop = line.loopKilledAt(phase, 2)) {
      assertThatThrownBy(() -> line.runUntilPublished(loop, 2))
          .isInstanceOf(CountedLine.Killed.class);
    }
    erase("x", 5);

    boolean published = phase == Phase.COMMITTED;
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, published ? 4 : 2);
    }

    assertThat(line.account())
        .satisfies(
            account -> {
              assertThat(account.lineage())
                  .isEqualTo(published ? "tuner/support~2" : "tuner/support");
              assertThat(account.trained()).isEqualTo(8);
              assertThat(account.pending()).isEqualTo(1);
            });
  }

  @Test
  void aFolderOfALaterGenerationThanTheTopicsTellIsRefused() throws IOException {
    line.send(0, 4);
    Path later = folder.resolve("state/tuner-support/generation-3");
    Files.createDirectories(later);
    try (var loop = line.loop()) {
      assertThatThrownBy(() -> loop.step(() -> {}))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("holds generation 3 of tuner/support");
    }
    assertThat(later).exists();
  }

  @Test
  void aSecondErasureInTheRebuiltGenerationBeginsAThird() {
    line.send(0, 6);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 1);
      erase("x", 0);
      line.runUntilPublished(loop, 2);
      erase("y", 1, 0);
      line.runUntilPublished(loop, 3);
    }

    assertThat(line.candidates())
        .extracting(Candidate::getId)
        .containsExactly("tuner/support#1", "tuner/support~2#1", "tuner/support~3#1");
    assertThat(line.candidates().getLast().getWindows()).containsExactly(range(0, 0), range(2, 6));
    assertThat(line.account().trained()).isEqualTo(4);
  }

  private static OffsetRange range(long from, long to) {
    return new OffsetRange(Topics.EXAMPLES.name(), PARTITION, from, to);
  }

  private static List<String> names(Path directory) {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void erase(String id, long... offsets) {
    List<SourcePosition> places =
        Arrays.stream(offsets)
            .mapToObj(offset -> new SourcePosition(Topics.EXAMPLES.name(), PARTITION, offset))
            .toList();
    try (Producer<String, byte[]> producer = line.clients.producer("erase")) {
      line.clients
          .writer(producer, Topics.APPLIED_ERASURES)
          .send("ann", new AppliedErasure(id, "ann", places, Map.of(), NOW, NOW))
          .join();
    }
  }
}
