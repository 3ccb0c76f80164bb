package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Releases that no route names, asked for by id over the API: hundreds are known, and memory has
/// room for a few.
class AskedReleaseApiTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TASK = "support";
  private static final String QUESTION = "who turns the mill?";
  private static final int KNOWN = 300;
  private static final int REQUESTS = 96;
  private static final int CLIENTS = 6;

  @TempDir private static Path work;

  private static TestArtifacts artifacts;
  private static TestReplica replica;
  private static String base;
  private static ReleaseTarget live;
  private static long budget;

  @BeforeAll
  static void start() {
    artifacts = new TestArtifacts(work);
    base = artifacts.base(1);
    String adapter = artifacts.adapter(base, 5);
    live = TestArtifacts.target(TASK, base, adapter);
    budget = artifacts.bytesOfBase(base) + 9 * artifacts.bytesOfAdapter(adapter);
    replica = new TestReplica(artifacts, config -> config.residentBytes(budget));
    replica.routeAndWait(TASK, live, null);
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  private record Seen(String asked, HttpResponse<String> response, boolean ready) {}

  @Test
  void eachOfThreeHundredKnownReleasesAnswersForItselfWithinTheBudget() throws Exception {
    List<ReleaseTarget> targets = new ArrayList<>();
    for (int i = 0; i < KNOWN; i++) {
      targets.add(TestArtifacts.target(TASK, base, artifacts.adapter(base, 1000 + i)));
    }
    replica.know(TASK, ReleaseState.RETIRED, targets);
    awaitKnown(targets.getLast());

    String last = targets.getLast().getRelease();
    JsonNode shown = TestReplica.json(replica.get("/v1/models/" + last).body());
    assertThat(shown.path("state").asText()).isEqualTo("retired");
    assertThat(shown.path("adapter").asText()).isEqualTo(targets.getLast().getAdapter());
    assertThat(TestReplica.json(replica.get("/v1/models/" + TASK).body()).path("known_releases"))
        .as("the releases that a task tells of")
        .hasSize(100)
        .allSatisfy(one -> assertThat(one.path("task").asText()).isEqualTo(TASK));

    // Some releases are asked for often, most hardly ever; one in eight requests is for the task.
    Random random = new Random(17);
    Queue<String> models = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < REQUESTS; i++) {
      int one = (int) (KNOWN * Math.pow(random.nextDouble(), 2));
      models.add(i % 8 == 0 ? TASK : targets.get(one).getRelease());
    }
    Map<String, String> expected = expected(targets, models);
    Queue<Seen> seen = new ConcurrentLinkedQueue<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        running.add(clients.submit(() -> ask(models, seen)));
      }
      for (Future<?> client : running) {
        client.get();
      }
    }

    assertThat(seen).hasSize(REQUESTS);
    for (Seen one : seen) {
      assertThat(one.response().statusCode()).as(one.response().body()).isEqualTo(200);
      String wanted = one.asked().equals(TASK) ? live.getRelease() : one.asked();
      JsonNode body = TestReplica.json(one.response().body());
      assertThat(body.path("release").asText()).isEqualTo(wanted);
      assertThat(body.at("/choices/0/message/content").asText())
          .as(wanted)
          .isEqualTo(expected.get(wanted));
      assertThat(one.ready()).isTrue();
    }
    // The answers tell releases apart.
    assertThat(new HashSet<>(expected.values())).hasSizeGreaterThan(expected.size() * 3 / 4);
    assertThat(gauge("tidemill.inference.resident.memory.peak"))
        .isPositive()
        .isLessThanOrEqualTo((double) budget);
    assertThat(replica.metrics.get("tidemill.inference.evictions").counter().count())
        .isGreaterThan(20);

    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(AskedReleaseApiTest::assertReported);
    assertThat(replica.references()).isZero();
  }

  /// The record says what is in memory: the live release pinned, the others not, all unused.
  private static void assertReported() {
    Replica reported = TestReplica.present(replica.reported());
    assertThat(reported.getResident()).hasSizeBetween(2, 9);
    assertThat(reported.getResident())
        .allSatisfy(one -> assertThat(one.getReferences()).isZero())
        .allSatisfy(one -> assertThat(one.getBytes()).isPositive())
        .filteredOn(dev.tidemill.events.ResidentRelease::getPinned)
        .extracting(dev.tidemill.events.ResidentRelease::getRelease)
        .containsExactly(live.getRelease());
    assertThat(reported.getResident())
        .extracting(dev.tidemill.events.ResidentRelease::getRelease)
        .containsExactlyInAnyOrderElementsOf(
            replica.service.residency().resident().stream().map(ResidentRelease::id).toList());
  }

  @Test
  void aCorruptReleaseIsRefusedAndReportedWhileTheLiveOneGoesOn() throws IOException {
    String digest = artifacts.adapter(base, 31);
    ReleaseTarget corrupt = TestArtifacts.target(TASK, base, digest);
    Path file = artifacts.folderOf(digest).resolve("adapter_model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    ReleaseTarget unsigned =
        TestArtifacts.target(TASK, base, artifacts.adapterOfStranger(base, 32));
    ReleaseTarget infinite =
        TestArtifacts.target(TASK, base, artifacts.adapter(base, () -> Double.NaN));
    ReleaseTarget good = TestArtifacts.target(TASK, base, artifacts.adapter(base, 33));
    ReleaseTarget quarantined = TestArtifacts.target(TASK, base, artifacts.adapter(base, 34));
    replica.know(TASK, ReleaseState.QUARANTINED, List.of(quarantined));
    replica.know(TASK, ReleaseState.RETIRED, List.of(corrupt, unsigned, infinite, good));
    awaitKnown(good);

    assertRefused(corrupt.getRelease(), "adapter_model.safetensors");
    assertRefused(unsigned.getRelease(), "manifest.sig");
    assertRefused(infinite.getRelease(), "finite");
    assertRefused(quarantined.getRelease(), "the release is quarantined");
    assertRefused(TASK + "@sha256:" + "0".repeat(64), "task support has no such release");
    assertRefused("billing@sha256:" + "0".repeat(64), "is not served here");

    assertThat(release(TASK)).isEqualTo(live.getRelease());
    assertThat(release(good.getRelease())).isEqualTo(good.getRelease());
    assertThat(replica.health.ready().ok()).as(replica.health.ready().toString()).isTrue();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(TestReplica.present(replica.reported()).getRefused())
                    .extracting(dev.tidemill.events.RefusedRelease::getRelease)
                    .containsExactlyInAnyOrder(
                        corrupt.getRelease(), unsigned.getRelease(), infinite.getRelease()));
  }

  private static void assertRefused(String model, String because) {
    HttpResponse<String> response = replica.post(CHAT, TestReplica.chat(model, "hi"));
    OpenAiApiTest.assertError(response, 404, "model", "model_not_found");
    String message = TestReplica.json(response.body()).at("/error/message").asText();
    assertThat(message).contains(because).doesNotContain("\n");
  }

  private static String release(String model) {
    HttpResponse<String> response = replica.post(CHAT, TestReplica.chat(model, "hi"));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("X-Tidemill-Release").orElseThrow();
  }

  /// Waits until the replica has read of a release, the last one written.
  private static void awaitKnown(ReleaseTarget target) {
    Awaitility.await("release " + target)
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                replica.post(CHAT, TestReplica.chat(target.getRelease(), "hi")).statusCode()
                    == 200);
  }

  private static void ask(Queue<String> models, Queue<Seen> seen) {
    for (@Nullable String model = models.poll(); model != null; model = models.poll()) {
      HttpResponse<String> response = replica.post(CHAT, TestReplica.chat(model, QUESTION));
      seen.add(new Seen(model, response, replica.health.ready().ok()));
    }
  }

  /// The greedy answers of the releases asked for, each decoded by it alone.
  private static Map<String, String> expected(List<ReleaseTarget> targets, Queue<String> models) {
    Map<String, String> expected = new HashMap<>();
    List<ReleaseTarget> asked = new ArrayList<>(targets);
    asked.removeIf(target -> !models.contains(target.getRelease()));
    asked.add(live);
    try (BaseModel alone = BaseModel.load(artifacts.folderOf(base))) {
      for (ReleaseTarget target : asked) {
        String digest = TestReplica.present(target.getAdapter());
        try (Adapter adapter = Adapter.load(artifacts.folderOf(digest), alone.config())) {
          expected.put(target.getRelease(), TestArtifacts.answer(alone, adapter, QUESTION, 12));
        }
      }
    }
    return expected;
  }

  private static double gauge(String name) {
    return replica.metrics.get(name).gauge().value();
  }
}
