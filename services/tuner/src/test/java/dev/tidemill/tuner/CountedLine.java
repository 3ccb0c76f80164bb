package dev.tidemill.tuner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Example;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.artifact.SigningKeys;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.TopicWriter;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.Lineage;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.platform.window.WindowLoop;
import dev.tidemill.platform.window.WindowMeters;
import dev.tidemill.platform.window.WindowPolicy;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;

/// The line `tuner/support` on a Kafka that is empty at first: its examples, loops that train them
/// with a [CountingTrainer] and can be killed at any phase, and what they publish.
final class CountedLine {
  static final String TASK = "support";
  static final int IN_A_WINDOW = 4;
  static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  private static final Lineage<Example> LINE =
      new Lineage<>("tuner/" + TASK, Topics.EXAMPLES, TASK);

  /// Thrown where a kill would end the process.
  static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  final KafkaClients clients;
  final ArtifactStore artifacts;
  private final Path folder;

  /// @param folder takes keys, artifacts and state
  CountedLine(Path folder) {
    this.folder = folder;
    clients = KafkaForTests.shared().freshTopics().clients("windows");
    var keys = SigningKeys.generate(folder.resolve("keys"));
    artifacts =
        new DirectoryArtifactStore(
            folder.resolve("artifacts"),
            SigningKeys.loadPair(keys.signingKey()),
            List.of(SigningKeys.loadPublic(keys.trustedKey())));
  }

  /// A loop that nothing kills.
  WindowLoop<Example> loop() {
    return loop("state", CrashPoints.none());
  }

  /// A loop.
  ///
  /// @param state its folder of checkpoints
  WindowLoop<Example> loop(String state, CrashPoints crash) {
    return new WindowLoop<>(
        LINE,
        new CountingTrainer(),
        clients,
        artifacts,
        new WindowMeters(new SimpleMeterRegistry(), "tuner", LINE.line()),
        new WindowLoop.Settings(
            new WindowPolicy(IN_A_WINDOW, Duration.ofHours(1), Duration.ofHours(1), 1),
            folder.resolve(state),
            "test",
            "test",
            InstantSource.fixed(NOW),
            System::nanoTime,
            crash));
  }

  /// A loop that is killed when it comes to the phase for that time.
  WindowLoop<Example> loopKilledAt(Phase wanted, int time) {
    int[] seen = new int[1];
    return loop(
        "state",
        phase -> {
          if (phase == wanted && ++seen[0] == time) {
            throw new Killed();
          }
        });
  }

  /// Runs the loop until so many windows are in the topic; looks there when Kafka may have changed.
  void runUntilPublished(WindowLoop<Example> loop, int windows) {
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

  /// What is published, in the order of publication.
  List<Candidate> candidates() {
    return new TopicReader(clients)
        .readAll(Topics.CANDIDATES).stream()
            .map(TopicRecord::value)
            .map(Objects::requireNonNull)
            .toList();
  }

  /// The account of the line's last generation, which balances.
  LineageAudit.Account account() {
    LineageAudit.Report report = LineageAudit.run(clients, artifacts);
    assertThat(report.balances()).as("%s", report).isTrue();
    assertThat(report.accounts()).hasSize(1);
    return report.accounts().getFirst();
  }

  /// Adds the examples `e<from>` to `e<to - 1>`.
  void send(int from, int to) {
    try (Producer<String, byte[]> producer = clients.producer("send")) {
      TopicWriter<Example> writer = clients.writer(producer, Topics.EXAMPLES);
      IntStream.range(from, to)
          .mapToObj(i -> "e" + i)
          .map(
              id ->
                  writer.sendBeside(
                      TASK, id, Examples.sft(id, TASK, "what is " + id + "?", "it is " + id)))
          .toList()
          .forEach(CompletableFuture::join);
    }
  }
}
