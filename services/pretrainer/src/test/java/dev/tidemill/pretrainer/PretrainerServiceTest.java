package dev.tidemill.pretrainer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.model.BaseModel;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.platform.window.ReplayBuffer;
import dev.tidemill.platform.window.Window;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Documents to signed bases, on a real Kafka with a tiny decoder.
class PretrainerServiceTest {
  private static final String COURSES =
      """
      initial: {epochs: 10, learning_rate: 0.01, warm_up_steps: 5}
      continued: {epochs: 6, learning_rate: 0.005, warm_up_steps: 5}
      gate: {answer_tolerance: 1}
      """;
  private static final String TOO_FAST = "continued: {learning_rate: 50}\n";
  private static final String OVERFLOWING =
      "initial: {learning_rate: 1e30, warm_up_steps: 0}\noptimizer: {weight_decay: 0}\n";

  @TempDir Path folder = Path.of("");

  @Test
  void basesFollowTheDocumentsOverARestart() throws IOException {
    World world = new World(folder);
    world.holdOut();
    world.sendWindow("tide");

    Candidate first;
    try (World.Running running = world.start(COURSES)) {
      first = world.awaitCandidates(running, 1).getFirst();
      assertThat(running.gauge("tidemill.pretrainer.loss")).isPositive();
      assertThat(running.gauge("tidemill.pretrainer.tokens.per.second")).isPositive();
      assertThat(running.health().live().ok()).isTrue();
      assertThat(running.health().ready().ok()).isTrue();
    }

    assertThat(first.getId()).isEqualTo("pretrainer/base#1");
    assertThat(first.getKind()).isEqualTo(ArtifactKind.BASE);
    assertThat(first.getTasks()).containsExactly(World.TASK);
    assertThat(first.getParent()).isNull();
    assertThat(first.getExamples()).isEqualTo(World.WINDOW);
    assertThat(offsets(first)).isEqualTo(World.WINDOW);
    assertThat(first.getGate().getPassed()).as("%s", first.getGate()).isTrue();
    assertThat(first.getGate().getAgainst()).isNull();
    assertThat(bitsPerByte(first).getBaseline()).isNull();
    assertThat(bitsPerByte(first).getValue()).isBetween(0.1, 8.0);
    Manifest manifest = opened(world, first, 1);
    assertThat(metric(manifest, "loss_last")).isLessThan(0.7 * metric(manifest, "loss_first"));
    assertThat(metric(manifest, "documents_replayed")).isZero();
    assertThat(manifest.config()).containsEntry("course", "initial");
    assertThat(files(world.state()))
        .isNotEmpty()
        .allMatch(path -> path.contains("pretrainer-base"));

    String live = world.makeLive(first);
    world.sendWindow("wind");
    Candidate second;
    try (World.Running running = world.start(COURSES)) {
      second = world.awaitCandidates(running, 2).getLast();
    }

    assertThat(second.getId()).isEqualTo("pretrainer/base#2");
    assertThat(second.getSequence()).isEqualTo(2);
    assertThat(second.getParent()).isEqualTo(first.getArtifact());
    assertThat(second.getExamples()).isEqualTo(World.WINDOW);
    assertThat(second.getGate().getPassed()).as("%s", second.getGate()).isTrue();
    assertThat(second.getGate().getAgainst()).isEqualTo(live);
    assertThat(bitsPerByte(second).getBaseline()).isEqualTo(bitsPerByte(first).getValue());
    assertThat(bitsPerByte(second).getValue()).isLessThan(bitsPerByte(first).getValue());
    assertThat(check(second, "heldout_answer_bits_per_byte_support").getBaseline()).isNotNull();
    Manifest continued = opened(world, second, 2);
    assertThat(continued.parent()).isEqualTo(first.getArtifact());
    assertThat(continued.config()).containsEntry("course", "continued");
    assertThat(metric(continued, "documents_replayed"))
        .isEqualTo(ReplayBuffer.countFor(World.WINDOW, 0.25))
        .isPositive();
    balances(world, 2);
  }

  @Test
  void killedWindowIsTrainedAgainAndLeavesNothing() throws IOException {
    World world = new World(folder);
    world.sendWindowWithRevision("tide");
    Path leftover = world.state().resolve("work-base").resolve("initial").resolve("leftover");
    Files.createDirectories(Objects.requireNonNull(leftover.getParent()));
    Files.writeString(leftover, "of a process that was killed");
    AtomicBoolean killed = new AtomicBoolean();
    CrashPoints kill =
        phase -> {
          if (phase == Phase.ARTIFACT_PUBLISHED && killed.compareAndSet(false, true)) {
            throw new IllegalStateException("killed");
          }
        };
    try (World.Running running = world.start(COURSES, kill)) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> running.health().firstFailure().isDone());
    }
    assertThat(world.candidates()).isEmpty();

    try (World.Running running = world.start(COURSES)) {
      world.awaitCandidates(running, 1);
      assertThat(
              running
                  .registry()
                  .get("tidemill.pretrainer.skipped")
                  .tag("reason", "revised")
                  .counter()
                  .count())
          .isEqualTo(1);
    }

    assertThat(world.candidates())
        .singleElement()
        .satisfies(
            candidate ->
                assertThat(metric(opened(world, candidate, 1), "documents"))
                    .isEqualTo(World.WINDOW - 1));
    assertThat(files(world.state())).allMatch(path -> path.contains("pretrainer-base"));
    balances(world, 1);
  }

  @Test
  void spoiltWindowIsPublishedAsRefusedAndTheNextOneStartsBeforeIt() throws IOException {
    World world = new World(folder);
    world.holdOut();

    Candidate spoilt = window(world, "tide", OVERFLOWING, 1);
    assertThat(spoilt.getGate().getPassed()).isFalse();
    assertThat(check(spoilt, "finite_training").getPassed()).as("%s", spoilt.getGate()).isFalse();
    assertThat(spoilt.getExamples()).isEqualTo(World.WINDOW);

    Candidate sound = window(world, "tide", COURSES, 2);
    assertThat(sound.getGate().getPassed()).as("%s", sound.getGate()).isTrue();
    assertThat(sound.getParent()).isNull();
    Manifest manifest = opened(world, sound, 2);
    assertThat(manifest.config()).containsEntry("course", "initial");
    assertThat(metric(manifest, "documents_replayed")).isEqualTo(World.WINDOW);

    world.makeLive(sound);
    Candidate again = window(world, "wind", TOO_FAST, 3);
    assertThat(again.getGate().getPassed()).as("%s", again.getGate()).isFalse();
    assertThat(again.getExamples()).isEqualTo(World.WINDOW);
    assertThat(again.getParent()).isEqualTo(sound.getArtifact());

    Candidate after = window(world, "wind", COURSES, 4);
    assertThat(after.getGate().getPassed()).as("%s", after.getGate()).isTrue();
    assertThat(after.getParent()).isEqualTo(sound.getArtifact());
    balances(world, 4);
  }

  private static Candidate window(World world, String kind, String courses, int number) {
    world.sendWindow(kind);
    try (World.Running running = world.start(courses)) {
      return world.awaitCandidates(running, number).getLast();
    }
  }

  /// Opens, verifies and loads what a candidate names.
  private static Manifest opened(World world, Candidate candidate, int window) {
    VerifiedArtifact artifact = world.artifacts().open(candidate.getArtifact());
    try (BaseModel base = BaseModel.load(artifact.folder())) {
      assertThat(base.config().hiddenSize()).isEqualTo(32);
      assertThat(base.config().vocabSize()).isEqualTo(base.tokenizer().size());
    }
    Manifest manifest = artifact.manifest();
    assertThat(manifest.kind()).isEqualTo(Manifest.Kind.BASE);
    assertThat(manifest.sequence()).isEqualTo(window);
    assertThat(manifest.examplesDigest()).isEqualTo(Window.digestOf(World.idsOfWindow(window)));
    return manifest;
  }

  private static void balances(World world, int windows) {
    LineageAudit.Account account = world.audit();
    assertThat(account.balances()).as("%s", account).isTrue();
    assertThat(account.windows()).isEqualTo(windows);
    assertThat(account.trained()).isEqualTo((long) windows * World.WINDOW);
    assertThat(account.pending()).isZero();
  }

  private static long offsets(Candidate candidate) {
    return candidate.getWindows().stream()
        .mapToLong((OffsetRange range) -> range.getToOffset() - range.getFromOffset())
        .sum();
  }

  private static GateCheck bitsPerByte(Candidate candidate) {
    return check(candidate, "heldout_bits_per_byte");
  }

  private static GateCheck check(Candidate candidate, String name) {
    return candidate.getGate().getChecks().stream()
        .filter(check -> check.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not among " + candidate.getGate()));
  }

  private static double metric(Manifest manifest, String name) {
    return Objects.requireNonNull(manifest.metrics().get(name), name);
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).map(Path::toString).toList();
    }
  }
}
