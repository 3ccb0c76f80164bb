package dev.tidemill.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Example;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.Lineage;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.platform.window.Window;
import dev.tidemill.platform.window.WindowLoop;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowPolicy;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What erasures do to the window protocol, on a real Kafka, with a trainer that only counts.
/// Example `e<n>` lies at offset n.
class RebuildTest {
  private static final String TASK = "support";
  private static final Lineage<Example> LINE =
      new Lineage<>("tuner/" + TASK, Topics.EXAMPLES, TASK);
  private static final int PARTITION = Partitions.of(TASK, Topics.EXAMPLES.partitions());
  private static final int IN_A_WINDOW = 4;
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");

  @TempDir Path folder = Path.of("");
  private final KafkaForTests kafka = KafkaForTests.shared();
  private final KafkaClients clients = kafka.clients("rebuild");
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

  @Test
  void anErasureInATrainedWindowBeginsANewGenerationWithoutIt() throws IOException {
    send(0, 9);
    try (var loop = loop(CrashPoints.none())) {
      runUntilPublished(loop, 2);
      erase("x", 2);
      runUntilPublished(loop, 4);
    }

    assertThat(candidates())
        .extracting(Candidate::getId)
        .containsExactly(
            "tuner/support#1", "tuner/support#2", "tuner/support~2#1", "tuner/support~2#2");
    Candidate first = candidates().get(2);
    assertThat(first.getWindows()).containsExactly(range(0, 2), range(3, 5));
    assertThat(artifacts.open(first.getArtifact()).manifest().examplesDigest())
        .isEqualTo(Window.digestOf(List.of("e0", "e1", "e3", "e4")));
    assertThat(account())
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
    try (var restarted = loop(CrashPoints.none())) {
      runUntilPublished(restarted, 4);
    }
    assertThat(names(root)).containsExactlyInAnyOrder("lock", "generation-2");
  }

  @Test
  void anErasureOfWhatIsNotTrainedYetBeginsNone() {
    send(0, 9);
    erase("x", 1);
    try (var loop = loop(CrashPoints.none())) {
      runUntilPublished(loop, 1);
      erase("y", 5);
      runUntilPublished(loop, 1);
      send(9, 12);
      runUntilPublished(loop, 2);
    }

    assertThat(candidates())
        .extracting(Candidate::getId)
        .containsExactly("tuner/support#1", "tuner/support#2");
    assertThat(candidates().getFirst().getWindows()).containsExactly(range(0, 1), range(2, 5));
    assertThat(candidates().getLast().getWindows()).containsExactly(range(5, 5), range(6, 10));
    assertThat(account().trained()).isEqualTo(8);
  }

  /// The erasure becomes visible while a window is under way that holds the record.
  @ParameterizedTest
  @EnumSource(names = {"COLLECTED", "TRAINED", "PREPARED", "TRANSACTION_OPEN"})
  void anErasureWhileAWindowIsUnderWay(Phase phase) {
    send(0, 5);
    boolean[] erased = new boolean[1];
    CrashPoints erasing =
        now -> {
          if (now == phase && !erased[0]) {
            erased[0] = true;
            erase("x", 1);
          }
        };
    boolean tooLate = phase == Phase.TRANSACTION_OPEN;
    try (var loop = loop(erasing)) {
      runUntilPublished(loop, tooLate ? 2 : 1);
    }

    assertThat(candidates())
        .extracting(Candidate::getId)
        .containsExactlyElementsOf(
            tooLate ? List.of("tuner/support#1", "tuner/support~2#1") : List.of("tuner/support#1"));
    Candidate counts = candidates().getLast();
    assertThat(counts.getWindows()).containsExactly(range(0, 1), range(2, 5));
    assertThat(counts.getExamples()).isEqualTo(IN_A_WINDOW);
    assertThat(account().trained()).isEqualTo(IN_A_WINDOW);
    assertThat(names(folder.resolve("artifacts/sha256")))
        .as("no artifact is left that was not published")
        .hasSize(candidates().size());
  }

  /// One rebuild that is killed at every phase, one after another.
  @Test
  void theAuditBalancesAfterKillsAtEveryPhaseOfTheRebuild() {
    int windows = Phase.values().length;
    send(0, windows * IN_A_WINDOW + 1);
    try (var loop = loop(CrashPoints.none())) {
      runUntilPublished(loop, 2);
    }
    erase("x", 2);
    for (Phase phase : Phase.values()) {
      try (var loop = loop(crashAt(phase, 1))) {
        assertThatThrownBy(() -> runUntilPublished(loop, 2 + windows))
            .as("killed at %s", phase)
            .isInstanceOf(Killed.class);
      }
    }

    try (var loop = loop(CrashPoints.none())) {
      runUntilPublished(loop, 2 + windows);
    }

    assertThat(account())
        .satisfies(
            account -> {
              assertThat(account.lineage()).isEqualTo("tuner/support~2");
              assertThat(account.windows()).isEqualTo(windows);
              assertThat(account.trained()).isEqualTo(windows * (long) IN_A_WINDOW);
              assertThat(account.pending()).isZero();
            });
    assertThat(candidates()).extracting(Candidate::getId).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource(names = {"PREPARED", "COMMITTED"})
  void anErasureBetweenAKillAndTheRestart(Phase phase) {
    send(0, 10);
    try (var loop = loop(crashAt(phase, 2))) {
      assertThatThrownBy(() -> runUntilPublished(loop, 2)).isInstanceOf(Killed.class);
    }
    erase("x", 5);

    boolean published = phase == Phase.COMMITTED;
    try (var loop = loop(CrashPoints.none())) {
      runUntilPublished(loop, published ? 4 : 2);
    }

    assertThat(account())
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
    send(0, 4);
    Path later = folder.resolve("state/tuner-support/generation-3");
    Files.createDirectories(later);
    try (var loop = loop(CrashPoints.none())) {
      assertThatThrownBy(() -> loop.step(() -> {}))
          .isInstanceOf(FatalFault.class)
          .hasMessageContaining("holds generation 3 of tuner/support");
    }
    assertThat(later).exists();
  }

  @Test
  void aSecondErasureInTheRebuiltGenerationBeginsAThird() {
    send(0, 6);
    try (var loop = loop(CrashPoints.none())) {
      runUntilPublished(loop, 1);
      erase("x", 0);
      runUntilPublished(loop, 2);
      erase("y", 1, 0);
      runUntilPublished(loop, 3);
    }

    assertThat(candidates())
        .extracting(Candidate::getId)
        .containsExactly("tuner/support#1", "tuner/support~2#1", "tuner/support~3#1");
    assertThat(candidates().getLast().getWindows()).containsExactly(range(0, 0), range(2, 6));
    assertThat(account().trained()).isEqualTo(4);
  }

  private LineageAudit.Account account() {
    LineageAudit.Report report = LineageAudit.run(clients, artifacts);
    assertThat(report.balances()).as("%s", report).isTrue();
    assertThat(report.accounts()).hasSize(1);
    return report.accounts().getFirst();
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

  private WindowLoop<Example> loop(CrashPoints crash) {
    return new WindowLoop<>(
        LINE,
        new CountingTrainer(),
        clients,
        artifacts,
        new WindowMeters(new SimpleMeterRegistry(), "tuner", LINE.line()),
        new WindowLoop.Settings(
            new WindowPolicy(IN_A_WINDOW, Duration.ofHours(1), Duration.ofHours(1), 1),
            folder.resolve("state"),
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

  private void erase(String id, long... offsets) {
    List<SourcePosition> places =
        Arrays.stream(offsets)
            .mapToObj(offset -> new SourcePosition(Topics.EXAMPLES.name(), PARTITION, offset))
            .toList();
    try (Producer<String, byte[]> producer = clients.producer("erase")) {
      clients
          .writer(producer, Topics.APPLIED_ERASURES)
          .send("ann", new AppliedErasure(id, "ann", places, Map.of(), NOW, NOW))
          .join();
    }
  }

  private void send(int from, int to) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      TopicWriter<Example> writer = clients.writer(producer, Topics.EXAMPLES);
      IntStream.range(from, to)
          .mapToObj(i -> "e" + i)
          .map(id -> writer.sendBeside(TASK, id, WindowLoopTest.example(id)))
          .toList()
          .forEach(CompletableFuture::join);
    }
  }
}
