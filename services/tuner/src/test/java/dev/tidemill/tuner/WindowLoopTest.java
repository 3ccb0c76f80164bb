package dev.tidemill.tuner;

import static dev.tidemill.tuner.CountedLine.IN_A_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.Example;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.DamagedCheckpointException;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The window protocol on a real Kafka, with a trainer that only counts.
class WindowLoopTest {
  private final Path folder;
  private final CountedLine line;

  WindowLoopTest(@TempDir Path folder) {
    this.folder = folder;
    line = new CountedLine(folder);
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void auditBalancesAfterACrashAtAnyPhase(Phase phase) {
    line.send(0, 3 * IN_A_WINDOW);
    try (var first = line.loopKilledAt(phase, 2)) {
      assertThatThrownBy(() -> line.runUntilPublished(first, 3))
          .isInstanceOf(CountedLine.Killed.class);
    }

    try (var restarted = line.loop()) {
      line.runUntilPublished(restarted, 3);
    }

    LineageAudit.Report report = LineageAudit.run(line.clients, line.artifacts);
    assertThat(report.balances()).as("%s", report).isTrue();
    assertThat(report.accounts())
        .singleElement()
        .satisfies(
            account -> {
              assertThat(account.windows()).isEqualTo(3);
              assertThat(account.trained()).isEqualTo(3 * IN_A_WINDOW);
              assertThat(account.pending()).isZero();
            });
    assertThat(line.candidates()).extracting(Candidate::getId).doesNotHaveDuplicates();
  }

  @Test
  void windowPassesOverOtherTasksAndNamesItsOffsets() {
    line.send(0, IN_A_WINDOW);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 1);
    }

    Candidate candidate = line.candidates().getFirst();
    assertThat(candidate.getId()).isEqualTo("tuner/support#1");
    assertThat(candidate.getExamples()).isEqualTo(IN_A_WINDOW);
    assertThat(candidate.getWindows())
        .singleElement()
        .satisfies(
            range -> {
              assertThat(range.getFromOffset()).isZero();
              assertThat(range.getToOffset()).isEqualTo(IN_A_WINDOW);
            });
    assertThat(line.artifacts.open(candidate.getArtifact()).manifest().examplesDigest())
        .isEqualTo(
            Window.digestOf(IntStream.range(0, IN_A_WINDOW).mapToObj(i -> "e" + i).toList()));
  }

  @Test
  void secondTrainerOfALineageIsFenced() {
    line.send(0, IN_A_WINDOW);
    List<WindowLoop<Example>> second = new ArrayList<>();
    CrashPoints takeOver =
        phase -> {
          if (phase == Phase.PREPARED && second.isEmpty()) {
            WindowLoop<Example> other = line.loop("elsewhere", CrashPoints.none());
            second.add(other);
            line.runUntilPublished(other, 1);
          }
        };
    try (var first = line.loop("state", takeOver)) {
      assertThatThrownBy(() -> line.runUntilPublished(first, 2))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("another trainer of tuner/support has taken over");
    }
    second.forEach(WindowLoop::close);

    assertThat(line.candidates()).hasSize(1);
  }

  @Test
  void secondTrainerOnTheSameFolderIsRefused() {
    line.send(0, IN_A_WINDOW);
    try (var first = line.loop();
        var second = line.loop()) {
      line.runUntilPublished(first, 1);
      assertThatThrownBy(() -> second.step(() -> {}))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("held by another trainer");
    }
  }

  @Test
  void damagedCheckpointIsRefusedByName() throws Exception {
    line.send(0, IN_A_WINDOW);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 1);
    }
    Path file = newestState().resolve("count");
    Files.writeString(file, "7");

    try (var restarted = line.loop()) {
      assertThatThrownBy(() -> restarted.step(() -> {}))
          .isInstanceOf(DamagedCheckpointException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void damagedCheckpointThatPublishedNothingGivesWayToTheFormerOne() throws Exception {
    line.send(0, 2 * IN_A_WINDOW);
    try (var loop = line.loopKilledAt(Phase.PREPARED, 2)) {
      assertThatThrownBy(() -> line.runUntilPublished(loop, 2))
          .isInstanceOf(CountedLine.Killed.class);
    }
    Files.writeString(newestState().resolve("count"), "7");

    try (var restarted = line.loop()) {
      line.runUntilPublished(restarted, 2);
    }

    assertThat(LineageAudit.run(line.clients, line.artifacts).balances()).isTrue();
  }

  @Test
  void lostFolderIsNotTakenForAFreshLineage() {
    line.send(0, IN_A_WINDOW);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 1);
    }

    try (var elsewhere = line.loop("elsewhere", CrashPoints.none())) {
      assertThatThrownBy(() -> elsewhere.step(() -> {}))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("holds no checkpoint of tuner/support");
    }
  }

  @Test
  void auditSeesAnIdThatTrainsTwice() {
    line.send(0, IN_A_WINDOW);
    line.send(0, IN_A_WINDOW);
    try (var loop = line.loop()) {
      line.runUntilPublished(loop, 2);
    }

    LineageAudit.Report report = LineageAudit.run(line.clients);
    assertThat(report.trainedTwice()).isEqualTo(IN_A_WINDOW);
    assertThat(report.balances()).isFalse();
  }

  private Path newestState() throws IOException {
    try (var all = Files.list(folder.resolve("state").resolve("tuner-support"))) {
      return all.filter(p -> p.getFileName().toString().startsWith("checkpoint-"))
          .max(Path::compareTo)
          .orElseThrow()
          .resolve("state");
    }
  }
}
