package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Action;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Route;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.platform.window.Window;
import dev.tidemill.registry.RegistryConfig;
import dev.tidemill.registry.RegistryService;
import dev.tidemill.schemas.ReleaseId;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import dev.tidemill.tuner.Main;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A subject whose example has trained the live adapter is erased: the registry takes the adapter
/// and what came of it out of the traffic, and the tuner, killed in the middle of it, trains the
/// lineage again without the example.
@Timeout(240)
class ErasureRebuildTest {
  private static final int WINDOW = 20;
  private static final int EXAMPLES = 2 * WINDOW;
  private static final int ERASED = 7;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private Path folder;

  @Test
  void quarantineFallBackAndRebuild() throws IOException {
    try (TuningGround ground = new TuningGround(folder, false)) {
      Health health = new Health();
      ServiceContext context =
          new ServiceContext(
              "registry",
              ground.clients(),
              new SimpleMeterRegistry(),
              ground.artifacts(),
              health,
              InstantSource.system());
      try (RegistryService registry =
          new RegistryService(context, RegistryConfig.of(HttpConfig.of("127.0.0.1", 0)))) {
        registry.start();
        play(ground);
      }
      assertThat(health.firstFailure()).isNotDone();
    }
  }

  private void play(TuningGround ground) throws IOException {
    String bare = ReleaseId.of(TuningGround.TASK, ground.base(), null);
    send(ground, Topics.CANDIDATES, "pretrainer/acceptance", base(ground.base()));
    awaitRelease(ground, bare, ReleaseState.EVALUATED);
    decide(ground, bare, Action.PROMOTE);
    awaitRelease(ground, bare, ReleaseState.LIVE);

    ground.addExamples(WINDOW);
    try (Child tuner = start(ground, 1)) {
      awaitCandidates(ground, tuner, 1);
      String first = releaseOf(ground.candidates().getFirst());
      awaitRelease(ground, first, ReleaseState.EVALUATED);
      decide(ground, first, Action.START_CANARY);
      awaitRelease(ground, first, ReleaseState.CANARY);
      decide(ground, first, Action.PROMOTE);
      awaitRelease(ground, first, ReleaseState.LIVE);
      ground.addExamples(WINDOW);
      awaitCandidates(ground, tuner, 2);
      tuner.stop(Duration.ofSeconds(20));
    }
    List<Candidate> former = ground.candidates();
    assertThat(ground.audit().trained()).isEqualTo(EXAMPLES);

    int partition = Partitions.of(TuningGround.TASK, Topics.EXAMPLES.partitions());
    SourcePosition place = new SourcePosition(Topics.EXAMPLES.name(), partition, (long) ERASED);
    Instant now = Instant.now();
    send(
        ground,
        Topics.APPLIED_ERASURES,
        "ann",
        new AppliedErasure("erasure-1", "ann", List.of(place), Map.of(), now, now));
    for (Candidate candidate : former) {
      Release release = awaitRelease(ground, releaseOf(candidate), ReleaseState.QUARANTINED);
      assertThat(release.getReason()).contains("erasure-1").doesNotContain("ann");
    }
    Release fallback = awaitRelease(ground, bare, ReleaseState.LIVE);
    assertThat(fallback.getReason()).contains("is quarantined");
    assertThat(liveOf(ground)).isEqualTo(bare);

    // The second window of the rebuild: the first one is published by then.
    try (Child tuner = start(ground, 2, "-D" + CrashPoints.PROPERTY + "=PREPARED:2:wait")) {
      tuner.awaitError("crash point PREPARED reached, waiting", LIMIT);
      tuner.kill();
    }
    try (Child tuner = start(ground, 3)) {
      awaitCandidates(ground, tuner, former.size() + 2);
      tuner.stop(Duration.ofSeconds(20));
    }

    List<Candidate> rebuilt =
        ground.candidates().subList(former.size(), ground.candidates().size());
    assertThat(rebuilt)
        .extracting(Candidate::getId)
        .containsExactly("tuner/support~2#1", "tuner/support~2#2");
    assertWithoutTheErased(ground, rebuilt, partition);
    LineageAudit.Account account = ground.audit();
    System.out.println("after the rebuild: " + account);
    assertThat(account.balances()).as("%s", account).isTrue();
    assertThat(account.lineage()).isEqualTo("tuner/support~2");
    assertThat(account.trained()).isEqualTo(EXAMPLES - 1);
    assertThat(account.pending()).isZero();
    awaitRelease(ground, releaseOf(rebuilt.getLast()), ReleaseState.EVALUATED);
    assertThat(rebuilt.getFirst().getParent()).as("started from").isEqualTo(ground.base());
  }

  /// Ids, digests and ranges of the manifests.
  private static void assertWithoutTheErased(
      TuningGround ground, List<Candidate> rebuilt, int partition) {
    for (Candidate candidate : rebuilt) {
      Manifest manifest = ground.artifacts().open(candidate.getArtifact()).manifest();
      List<String> ids = new ArrayList<>();
      for (Manifest.OffsetWindow range : manifest.windows()) {
        assertThat(range.partition()).isEqualTo(partition);
        for (long offset = range.fromOffset(); offset < range.toOffset(); offset++) {
          assertThat(offset).as("trained offset").isNotEqualTo(ERASED);
          ids.add("example-%04d".formatted(offset));
        }
      }
      assertThat(manifest.examplesDigest()).isEqualTo(Window.digestOf(ids));
    }
  }

  private static String releaseOf(Candidate candidate) {
    return ReleaseId.of(TuningGround.TASK, candidate.getBase(), candidate.getArtifact());
  }

  private static String liveOf(TuningGround ground) {
    Route route =
        newest(ground, Topics.ROUTES, r -> r.getTask().equals(TuningGround.TASK)).orElseThrow();
    return Objects.requireNonNull(route.getLive(), "no live release").getRelease();
  }

  private static Release awaitRelease(TuningGround ground, String id, ReleaseState state) {
    return Awaitility.await(id + " is " + state)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> newest(ground, Topics.RELEASES, r -> r.getId().equals(id)),
            found -> found.isPresent() && found.get().getState() == state)
        .orElseThrow();
  }

  private static void awaitCandidates(TuningGround ground, Child tuner, int count) {
    Awaitility.await(count + " windows are published")
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              tuner.assertAlive();
              return ground.candidates().size() == count;
            });
  }

  private static <T extends SpecificRecord> Optional<T> newest(
      TuningGround ground, Topic<T> topic, Predicate<T> wanted) {
    return new TopicReader(ground.clients())
        .readAll(topic).stream()
            .map(TopicRecord::value)
            .filter(Objects::nonNull)
            .map(Objects::requireNonNull)
            .filter(wanted)
            .reduce((older, newer) -> newer);
  }

  private static <T extends SpecificRecord> void send(
      TuningGround ground, Topic<T> topic, String key, T value) {
    try (Producer<String, byte[]> producer = ground.clients().producer("erasure")) {
      ground.clients().writer(producer, topic).send(key, value).join();
    }
  }

  /// As rollout decides.
  private static void decide(TuningGround ground, String release, Action action) {
    send(
        ground,
        Topics.DECISIONS,
        TuningGround.TASK,
        new Decision(
            UUID.randomUUID().toString(),
            TuningGround.TASK,
            release,
            action,
            action == Action.START_CANARY ? 0.1 : 1,
            action == Action.START_CANARY ? "salt" : null,
            "the test wants it",
            Map.of(),
            Instant.now()));
  }

  private static Candidate base(String digest) {
    return new Candidate(
        "pretrainer/acceptance#1",
        ArtifactKind.BASE,
        digest,
        digest,
        List.of(TuningGround.TASK),
        "pretrainer/acceptance",
        1L,
        null,
        List.of(),
        0L,
        null,
        null,
        new GateReport(true, null, List.of()),
        "acceptance",
        "test",
        Instant.now());
  }

  private Child start(TuningGround ground, int number, String... jvm) throws IOException {
    Path config = folder.resolve("tuner-" + number + ".yaml");
    Files.writeString(
        config,
        """
        %sadmin: {port: 0}
        tuner:
          tasks: [%s]
          state_directory: %s
          window: {max_records: %d, idle: 1s}
          lora: {rank: 4}
          training: {epochs: 2, target_steps: 4, replay_share: 0.25}
          threads: 1
          gate: {probes: 1, probe_max_tokens: 4, heldout_tolerance: 10, retention_tolerance: 10}
        """
            .formatted(
                ground.sharedSettings(), TuningGround.TASK, folder.resolve("state"), WINDOW));
    List<String> options =
        new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx384m"));
    options.addAll(List.of(jvm));
    return Child.start(
        folder,
        "tuner-" + number,
        List.of(),
        options,
        Main.class,
        List.of("--config", config.toString()));
  }
}
