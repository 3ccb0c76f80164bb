package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Candidate;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.window.CrashPoints;
import dev.tidemill.platform.window.CrashPoints.Phase;
import dev.tidemill.platform.window.LineageAudit;
import dev.tidemill.tuner.Main;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The tuner is killed with `kill -9` again and again, in one lineage: in the middle of training,
/// and at every named place of the window protocol. After each kill, and at the end, every example
/// is in exactly one window.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(240)
class TunerCrashTest {
  private static final int WINDOW = 40;
  private static final String TRAINING = "epochs: 3, target_steps: 9, replay_share: 0.25";
  private static final String LONG_TRAINING = "epochs: 1000";
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private static Path folder;

  private static TuningGround ground;
  private static int starts;

  @BeforeAll
  static void prepare() throws IOException {
    ground = new TuningGround(folder);
  }

  @AfterAll
  static void end() {
    ground.close();
  }

  /// Nothing holds the tuner back here: it computes until it dies.
  @Test
  @Order(1)
  void killedWhileItTrains() throws IOException {
    ground.addExamples(WINDOW);
    int admin = freePort();
    // So many epochs that the window is far from done at the first loss.
    try (Child tuner = start(LONG_TRAINING, admin)) {
      double loss = awaitLoss(tuner, admin);
      tuner.kill();
      System.out.println("killed while it trained window 1, with a loss of " + loss);
    }
    LineageAudit.Account account = ground.audit();
    System.out.println(account);
    assertThat(account.windows()).as("windows published before the kill").isZero();
    assertThat(account.pending()).isEqualTo(WINDOW);
  }

  /// The second time the place is passed, so that a window goes well before.
  @ParameterizedTest
  @Order(2)
  @EnumSource(Phase.class)
  void killedAt(Phase phase) throws IOException {
    int before = ground.audit().windows();
    ground.addExamples(WINDOW);
    String point = phase + (phase == Phase.TRAINING ? ":5" : ":2") + ":wait";
    try (Child tuner = start(TRAINING, 0, "-D" + CrashPoints.PROPERTY + "=" + point)) {
      tuner.awaitError("crash point " + phase + " reached, waiting", LIMIT);
      tuner.kill();
    }
    LineageAudit.Account account = ground.audit();
    System.out.println("killed at " + phase + ": " + account);
    assertBalances(account);
    assertThat(account.windows() - before)
        .as("windows published by a tuner that was killed at %s", phase)
        .isEqualTo(publishedUntil(phase));
  }

  /// Windows that a tuner publishes before it passes a place for the second time, when it was
  /// killed at each place before.
  private static int publishedUntil(Phase phase) {
    return switch (phase) {
      // The place is passed several times in one window.
      case TRAINING -> 0;
      case COLLECTED, TRAINED, ARTIFACT_PUBLISHED, CHECKPOINT_WRITTEN, PREPARED -> 1;
      // The window that was prepared before the last kill.
      case TRANSACTION_OPEN -> 1;
      // The same, and two of its own.
      case COMMITTED -> 3;
    };
  }

  @Test
  @Order(3)
  void whatIsLeftIsTrainedOnceAndTheAuditBalances() throws IOException {
    // Not a whole window: it closes because nothing more comes.
    ground.addExamples(WINDOW / 4);
    long began = System.nanoTime();
    try (Child tuner = start(TRAINING, 0)) {
      Awaitility.await("every example is in a window")
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(250))
          .until(
              () -> {
                tuner.assertAlive();
                return ground.audit().pending() == 0;
              });
      assertThat(tuner.stop(Duration.ofSeconds(20)))
          .as("exit code of the tuner; %s", tuner.lastWords())
          .isIn(0, 143);
    }
    LineageAudit.Account account = ground.audit();
    System.out.printf(
        "after %d starts, %d of them killed, the last one done in %.1f s: %s%n",
        starts, starts - 1, (System.nanoTime() - began) / 1e9, account);
    assertBalances(account);
    assertThat(account.trained()).as("examples trained").isEqualTo(ground.examples());
    assertThat(account.pending()).as("examples left").isZero();
  }

  @Test
  @Order(4)
  void sequencesHaveNoGapsAndEveryArtifactOpens() {
    List<Candidate> candidates = ground.candidates();
    assertThat(candidates.stream().map(Candidate::getSequence))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, candidates.size()).boxed().toList());
    List<String> digests = new ArrayList<>();
    for (Candidate candidate : candidates) {
      VerifiedArtifact artifact = ground.artifacts().open(candidate.getArtifact());
      assertThat(artifact.manifest().sequence()).isEqualTo(candidate.getSequence());
      assertThat(artifact.manifest().base()).isEqualTo(candidate.getBase());
      assertThat(artifact.folder().resolve("adapter_model.safetensors")).isNotEmptyFile();
      digests.add(artifact.digest());
    }
    assertThat(digests).doesNotHaveDuplicates();
    System.out.println(candidates.size() + " adapters published, signed and whole");
  }

  private static void assertBalances(LineageAudit.Account account) {
    assertThat(account.lost()).as("examples lost").isZero();
    assertThat(account.trainedTwice()).as("examples trained twice").isZero();
    assertThat(account.problems()).isEmpty();
  }

  /// The loss that the tuner shows once it has trained a step.
  private static double awaitLoss(Child tuner, int admin) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + "/metrics")).build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      return Awaitility.await("a training loss in the metrics of the tuner")
          .atMost(LIMIT)
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(
              () -> {
                tuner.assertAlive();
                return http.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("tidemill_tuner_loss{"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                    .findFirst()
                    .orElse(Double.NaN);
              },
              Double::isFinite);
    }
  }

  /// Starts the tuner as a process.
  ///
  /// @param training its section `training`
  /// @param admin port of its metrics, 0 for any
  private static Child start(String training, int admin, String... jvm) throws IOException {
    starts++;
    Path config = folder.resolve("tuner-" + starts + ".yaml");
    Files.writeString(
        config,
        """
        %sadmin: {port: %d}
        tuner:
          tasks: [%s]
          state_directory: %s
          window: {max_records: %d, idle: 2s}
          lora: {rank: 4}
          training: {%s}
          threads: 1
          gate: {probes: 1, probe_max_tokens: 4}
        """
            .formatted(
                ground.sharedSettings(),
                admin,
                TuningGround.TASK,
                folder.resolve("state"),
                WINDOW,
                training));
    List<String> options =
        new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx384m"));
    options.addAll(List.of(jvm));
    return Child.start(
        folder,
        "tuner-" + starts,
        List.of(),
        options,
        Main.class,
        List.of("--config", config.toString()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }
}
