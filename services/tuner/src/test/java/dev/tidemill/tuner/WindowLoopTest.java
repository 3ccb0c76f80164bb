package dev.tidemill.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Example;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.DamagedCheckpointException;
import dev.tidemill.platform.window.Lineage;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowLoop;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowPolicy;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The window protocol on a real Kafka, with a trainer that only counts.
class WindowLoopTest {
  private static final Lineage<Example> LINEAGE =
      new Lineage<>("tuner/support", Topics.EXAMPLES, "support");
  private static final int IN_A_WINDOW = 4;
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");

  @TempDir Path folder = Path.of("");
  private final KafkaForTests kafka = KafkaForTests.shared();
  private final KafkaClients clients = kafka.clients("windows");
  private ArtifactStore artifacts = new DirectoryArtifactStore(Path.of(""), null, List.of());

  /// Thrown where a kill would end the process.
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @BeforeEach
  void emptyKafka() {
    kafka.freshTopics();
    var keys = SigningKeys.generate(folder.resolve("keys"));
    artifacts =
        new DirectoryArtifactStore(
            folder.resolve("artifacts"),
            SigningKeys.loadPair(keys.signingKey()),
            List.of(SigningKeys.loadPublic(keys.trustedKey())));
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void auditBalancesAfterACrashAtAnyPhase(Phase phase) {
    send(0, 3 * IN_A_WINDOW);
    try (var first = loop("state", crashAt(phase, 2))) {
      assertThatThrownBy(() -> runUntilPublished(first, 3)).isInstanceOf(Killed.class);
    }

    try (var restarted = loop("state", CrashPoints.none())) {
      runUntilPublished(restarted, 3);
    }

    LineageAudit.Report report = LineageAudit.run(clients, artifacts);
    assertThat(report.balances()).as("%s", report).isTrue();
    assertThat(report.accounts())
        .singleElement()
        .satisfies(
            account -> {
              assertThat(account.windows()).isEqualTo(3);
              assertThat(account.trained()).isEqualTo(3 * IN_A_WINDOW);
              assertThat(account.pending()).isZero();
            });
    assertThat(candidates()).extracting(Candidate::getId).doesNotHaveDuplicates();
  }

  @Test
  void windowPassesOverOtherTasksAndNamesItsOffsets() {
    send(0, IN_A_WINDOW);
    try (var loop = loop("state", CrashPoints.none())) {
      runUntilPublished(loop, 1);
    }

    Candidate candidate = candidates().getFirst();
    assertThat(candidate.getId()).isEqualTo("tuner/support#1");
    assertThat(candidate.getExamples()).isEqualTo(IN_A_WINDOW);
    assertThat(candidate.getWindows())
        .singleElement()
        .satisfies(
            range -> {
              assertThat(range.getFromOffset()).isZero();
              assertThat(range.getToOffset()).isEqualTo(IN_A_WINDOW);
            });
    assertThat(artifacts.open(candidate.getArtifact()).manifest().examplesDigest())
        .isEqualTo(
            Window.digestOf(IntStream.range(0, IN_A_WINDOW).mapToObj(i -> "e" + i).toList()));
  }

  @Test
  void secondTrainerOfALineageIsFenced() {
    send(0, IN_A_WINDOW);
    List<WindowLoop<Example>> second = new ArrayList<>();
    CrashPoints takeOver =
        phase -> {
          if (phase == Phase.PREPARED && second.isEmpty()) {
            WindowLoop<Example> other = loop("elsewhere", CrashPoints.none());
            second.add(other);
            runUntilPublished(other, 1);
          }
        };
    try (var first = loop("state", takeOver)) {
      assertThatThrownBy(() -> runUntilPublished(first, 2))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("another trainer of tuner/support has taken over");
    }
    second.forEach(WindowLoop::close);

    assertThat(candidates()).hasSize(1);
  }

  @Test
  void secondTrainerOnTheSameFolderIsRefused() {
    send(0, IN_A_WINDOW);
    try (var first = loop("state", CrashPoints.none());
        var second = loop("state", CrashPoints.none())) {
      runUntilPublished(first, 1);
      assertThatThrownBy(() -> second.step(() -> {}))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("held by another trainer");
    }
  }

  @Test
  void damagedCheckpointIsRefusedByName() throws Exception {
    send(0, IN_A_WINDOW);
    try (var loop = loop("state", CrashPoints.none())) {
      runUntilPublished(loop, 1);
    }
    Path file = newestState().resolve("count");
    Files.writeString(file, "7");

    try (var restarted = loop("state", CrashPoints.none())) {
      assertThatThrownBy(() -> restarted.step(() -> {}))
          .isInstanceOf(DamagedCheckpointException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void damagedCheckpointThatPublishedNothingGivesWayToTheFormerOne() throws Exception {
    send(0, 2 * IN_A_WINDOW);
    try (var loop = loop("state", crashAt(Phase.PREPARED, 2))) {
      assertThatThrownBy(() -> runUntilPublished(loop, 2)).isInstanceOf(Killed.class);
    }
    Files.writeString(newestState().resolve("count"), "7");

    try (var restarted = loop("state", CrashPoints.none())) {
      runUntilPublished(restarted, 2);
    }

    assertThat(LineageAudit.run(clients, artifacts).balances()).isTrue();
  }

  @Test
  void lostFolderIsNotTakenForAFreshLineage() {
    send(0, IN_A_WINDOW);
    try (var loop = loop("state", CrashPoints.none())) {
      runUntilPublished(loop, 1);
    }

    try (var elsewhere = loop("elsewhere", CrashPoints.none())) {
      assertThatThrownBy(() -> elsewhere.step(() -> {}))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("holds no checkpoint of tuner/support");
    }
  }

  @Test
  void auditSeesAnIdThatTrainsTwice() {
    send(0, IN_A_WINDOW);
    send(0, IN_A_WINDOW);
    try (var loop = loop("state", CrashPoints.none())) {
      runUntilPublished(loop, 2);
    }

    LineageAudit.Report report = LineageAudit.run(clients);
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

  private WindowLoop<Example> loop(String state, CrashPoints crash) {
    return new WindowLoop<>(
        LINEAGE,
        new CountingTrainer(),
        clients,
        artifacts,
        new WindowMeters(new SimpleMeterRegistry(), "tuner", LINEAGE.name()),
        new WindowLoop.Settings(
            new WindowPolicy(IN_A_WINDOW, Duration.ofHours(1), Duration.ofHours(1), 1),
            folder.resolve(state),
            "test",
            "test",
            InstantSource.fixed(NOW),
            System::nanoTime,
            crash));
  }

  private static CrashPoints crashAt(Phase wanted, int time) {
    int[] seen = new int[1];
    return phase -> {
      if (phase == wanted && ++seen[0] == time) {
        throw new Killed();
      }
    };
  }

  /// Runs the loop until so many windows are in the topic; looks there when Kafka may have changed.
  private void runUntilPublished(WindowLoop<Example> loop, int windows) {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    try {
      do {
        assertThat(System.nanoTime()).as("published in time").isLessThan(deadline);
        for (int i = 0; i < windows; i++) {
          loop.step(() -> {});
        }
      } while (candidates().size() < windows);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<Candidate> candidates() {
    return new TopicReader(clients)
        .readAll(Topics.CANDIDATES).stream()
            .map(TopicRecord::value)
            .map(Objects::requireNonNull)
            .toList();
  }

  private void send(int from, int to) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      TopicWriter<Example> writer = clients.writer(producer, Topics.EXAMPLES);
      List<CompletableFuture<?>> sent = new ArrayList<>();
      for (int i = from; i < to; i++) {
        sent.add(writer.sendBeside("support", "e" + i, example("e" + i)));
      }
      sent.forEach(CompletableFuture::join);
    }
  }

  static Example example(String id) {
    return Examples.sft(id, "support", "what is " + id + "?", "it is " + id);
  }
}
