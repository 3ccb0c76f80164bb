package dev.tidemill.rollout;

import static dev.tidemill.rollout.Records.TASK;
import static dev.tidemill.rollout.Records.completion;
import static dev.tidemill.rollout.Records.id;
import static dev.tidemill.rollout.Records.rating;
import static dev.tidemill.rollout.Records.release;
import static dev.tidemill.rollout.Records.route;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.broker.KafkaForTests;
import dev.tidemill.events.Action;
import dev.tidemill.events.Arm;
import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Decision;
import dev.tidemill.events.RefusedRelease;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Replica;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rollout on a real broker; the test plays the registry, inference and the raters.
class RolloutServiceTest {
  @TempDir Path directory;

  private KafkaClients kafka;
  private Producer<String, byte[]> producer;
  private RolloutService service;
  private MeterRegistry metrics;
  private Health health;
  private Instant began;

  @BeforeEach
  void startRollout() {
    KafkaForTests broker = KafkaForTests.shared();
    broker.freshTopics();
    kafka = broker.clients("test");
    producer = kafka.producer("inputs");
    began = Instant.now();
    startAgain();
  }

  @AfterEach
  void stop() {
    service.close();
    producer.close();
    assertThat(health.firstFailure()).isNotDone();
  }

  @Test
  void aCanaryIsStartedAndWon() {
    goLive();
    publishRelease("new", ReleaseState.EVALUATED, "gate");
    Decision start = awaitDecision(2);
    assertThat(start.getAction()).isEqualTo(Action.START_CANARY);
    assertThat(start.getRelease()).isEqualTo(id("new"));
    assertThat(start.getWeight()).isEqualTo(0.1);
    assertThat(start.getSalt()).isNotBlank();

    // Ratings that are there before the registry's word of the canary count as well.
    rate(0, 40, 1.0, 0.5);
    goOnTrial(start);
    rate(40, 120, 1.0, 0.5);

    Decision promote = awaitDecision(3);
    assertThat(promote.getAction()).isIn(Action.PROMOTE, Action.SET_WEIGHT);
    if (promote.getAction() == Action.SET_WEIGHT) {
      publishRelease("new", ReleaseState.CANARY, "rollout:" + promote.getId());
      promote = awaitDecision(4);
    }
    assertThat(promote.getAction()).isEqualTo(Action.PROMOTE);
    assertThat(promote.getWeight()).isEqualTo(1);
    assertThat(number(promote, "mean_rating_canary")).isEqualTo(1);
    assertThat(number(promote, "mean_rating_live")).isBetween(0.4, 0.6);
    assertThat(number(promote, "difference_lower")).isGreaterThanOrEqualTo(0);
    assertThat(metrics.get("tidemill.rollout.decisions").tag("action", "promote").counter().count())
        .isEqualTo(2);
  }

  @Test
  void aCanaryIsLostAlsoAfterARestart() throws Exception {
    goLive();
    publishRelease("new", ReleaseState.EVALUATED, "gate");
    Decision start = awaitDecision(2);
    goOnTrial(start);
    producer
        .send(
            new ProducerRecord<>(
                Topics.FEEDBACK.name(), "x", "not avro".getBytes(StandardCharsets.UTF_8)))
        .get();
    // Too few to judge by; a new instance must read them again.
    rate(0, 3, 0.0, 1.0);
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                metrics.find("tidemill.rollout.ratings").tag("arm", "canary").gauges().stream()
                    .anyMatch(gauge -> gauge.value() == 3));
    assertThat(decisions()).hasSize(2);
    service.close();
    startAgain();
    rate(3, 100, 0.0, 1.0);

    Decision rollBack = awaitDecision(3);
    assertThat(rollBack.getAction()).isEqualTo(Action.ROLL_BACK);
    assertThat(rollBack.getRelease()).isEqualTo(id("new"));
    assertThat(rollBack.getWeight()).isZero();
    assertThat(rollBack.getReason()).contains("worse");
    assertThat(number(rollBack, "difference_upper")).isLessThanOrEqualTo(0);
    assertThat(number(rollBack, "mean_rating_canary")).isZero();
  }

  @Test
  void aReplicasRefusalRollsTheCanaryBack() {
    goLive();
    publishRelease("new", ReleaseState.EVALUATED, "gate");
    goOnTrial(awaitDecision(2));
    // The first would be named in the reason, if want of memory ended a trial.
    publish(Topics.REPLICAS, "replica-1", refusing("replica-1", "there is no memory for it", true));
    publish(Topics.REPLICAS, "replica-2", refusing("replica-2", "its signature is wrong", false));

    Decision rollBack = awaitDecision(3);
    assertThat(rollBack.getAction()).isEqualTo(Action.ROLL_BACK);
    assertThat(rollBack.getReason()).contains("replica-2", "its signature is wrong");
  }

  private Replica refusing(String replica, String reason, boolean temporary) {
    return new Replica(
        replica,
        "http://localhost",
        Map.of(),
        List.of(),
        List.of(new RefusedRelease(id("new"), reason, began, temporary)),
        began,
        began);
  }

  private void goLive() {
    publishRelease("old", ReleaseState.EVALUATED, "gate");
    Decision first = awaitDecision(1);
    assertThat(first.getAction()).isEqualTo(Action.PROMOTE);
    publishRelease("old", ReleaseState.LIVE, "rollout:" + first.getId());
    publish(Topics.ROUTES, TASK, route(1, "old", null, 0, began));
  }

  private void goOnTrial(Decision start) {
    publishRelease("new", ReleaseState.CANARY, "rollout:" + start.getId());
    publish(Topics.ROUTES, TASK, route(2, "old", "new", start.getWeight(), began));
  }

  private void publishRelease(String name, ReleaseState state, String by) {
    publish(Topics.RELEASES, id(name), release(ArtifactKind.ADAPTER, name, state, by, began));
  }

  /// Serves and rates answers on each arm; a live rating of 0.5 alternates between 0 and 1.
  private void rate(int from, int to, double canary, double live) {
    for (int i = from; i < to; i++) {
      Instant at = began.plusMillis(i);
      // Feedback may overtake its completion.
      publish(Topics.FEEDBACK, "c" + i, rating("c" + i, canary, at));
      publish(Topics.COMPLETIONS, "c" + i, completion("c" + i, "new", Arm.CANARY, at));
      publish(Topics.COMPLETIONS, "l" + i, completion("l" + i, "old", Arm.LIVE, at));
      double value = live == 0.5 ? i % 2 : live;
      publish(Topics.FEEDBACK, "l" + i, rating("l" + i, value, at));
    }
    producer.flush();
  }

  private <T extends SpecificRecord> void publish(Topic<T> topic, String key, T value) {
    var _ = kafka.writer(producer, topic).send(key, value);
  }

  private Decision awaitDecision(int number) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> decisions().size() >= number);
    return decisions().get(number - 1);
  }

  private List<Decision> decisions() {
    return new TopicReader(kafka)
        .readAll(Topics.DECISIONS).stream()
            .map(TopicRecord::value)
            .map(Objects::requireNonNull)
            .toList();
  }

  private static double number(Decision decision, String name) {
    return Objects.requireNonNull(decision.getNumbers().get(name), name);
  }

  private void startAgain() {
    metrics = new SimpleMeterRegistry();
    health = new Health();
    ServiceContext context =
        new ServiceContext(
            "rollout",
            kafka,
            metrics,
            DirectoryArtifactStore.of(new ArtifactsConfig(directory, null, List.of())),
            health,
            InstantSource.system());
    service = new RolloutService(context, RolloutConfig.defaults());
    service.start();
  }
}
