package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.Completion;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.Engine;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.SamplingParameters;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Releases change under load, and nobody notices but by the release that is named.
class SwapTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final int CLIENTS = 8;
  private static final int SWAPS = 30;
  private static final int TOKENS = 24;
  private static final List<String> QUESTIONS =
      List.of("who turns the mill?", "what is linger.ms?", "count to ten", "why?");

  @TempDir private static Path work;

  private static TestArtifacts artifacts;
  private static TestReplica replica;

  @BeforeAll
  static void start() {
    artifacts = new TestArtifacts(work);
    replica = new TestReplica(artifacts, config -> config);
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  /// What a client saw of one answer.
  private record Seen(String id, String release, String question, String text, boolean hungUp) {}

  @Test
  void swapsUnderLoadDropMixAndMisplaceNothing() throws Exception {
    String base = artifacts.base(1);
    String otherBase = artifacts.base(2);
    List<ReleaseTarget> targets =
        List.of(
            TestArtifacts.target("support", base, artifacts.adapter(base, 21)),
            TestArtifacts.target("support", base, artifacts.adapter(base, 22)),
            TestArtifacts.target("support", otherBase, null));
    Map<String, Map<String, String>> expected = new HashMap<>();
    for (ReleaseTarget target : targets) {
      expected.put(target.getRelease(), answersOf(target));
    }
    replica.routeAndWait("support", targets.get(0), null);

    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger failed = new AtomicInteger();
    Queue<Seen> seen = new ConcurrentLinkedQueue<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int number = i;
        running.add(clients.submit(() -> ask(number, stop, failed, seen)));
      }
      for (int swap = 1; swap <= SWAPS; swap++) {
        // A, B, A, B, and every fifth time the release on another base.
        ReleaseTarget next = swap % 5 == 0 ? targets.get(2) : targets.get(swap % 2);
        int answered = seen.size();
        replica.routeAndWait("support", next, null);
        Awaitility.await("answers between two swaps")
            .atMost(Duration.ofSeconds(10))
            .pollInterval(Duration.ofMillis(2))
            .until(() -> seen.size() >= answered + CLIENTS);
      }
      stop.set(true);
      for (Future<?> client : running) {
        client.get();
      }
    }

    assertThat(failed).hasValue(0);
    for (Seen one : seen) {
      String right = answer(expected, one.release(), one.question());
      if (one.hungUp()) {
        assertThat(right).startsWith(one.text());
      } else {
        assertThat(one.text()).as("%s of %s", one.question(), one.release()).isEqualTo(right);
      }
    }
    assertThat(seen.stream().map(Seen::release).distinct()).hasSize(targets.size());
    assertThat(seen.stream().filter(Seen::hungUp)).hasSizeGreaterThan(SWAPS / 2);

    // Counts go back to zero, and what is not routed any more is given back.
    String live = targets.get(2).getRelease();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              assertThat(replica.service.residency().resident())
                  .filteredOn(release -> release.task().equals("support"))
                  .extracting(ResidentRelease::id)
                  .containsExactly(live);
              assertThat(replica.references()).isZero();
            });
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              Replica reported = TestReplica.present(replica.reported());
              assertThat(reported.getResident())
                  .extracting(dev.tidemill.events.ResidentRelease::getRelease)
                  .contains(live)
                  .doesNotContain(targets.get(0).getRelease(), targets.get(1).getRelease());
              assertThat(reported.getResident())
                  .allSatisfy(release -> assertThat(release.getReferences()).isZero())
                  .allSatisfy(release -> assertThat(release.getBytes()).isPositive());
            });
    assertRecords(seen, expected);
  }

  /// Every answer that a client saw has its record, with the same release and text.
  private static void assertRecords(Queue<Seen> seen, Map<String, Map<String, String>> expected) {
    Map<String, Completion> records =
        Awaitility.await("records")
            .atMost(Duration.ofSeconds(20))
            .until(
                () -> replica.completions(),
                all -> seen.stream().allMatch(one -> all.containsKey(one.id())));
    for (Seen one : seen) {
      Completion record = TestReplica.present(records.get(one.id()));
      assertThat(record.getRelease()).isEqualTo(one.release());
      String right = answer(expected, one.release(), one.question());
      if (record.getFinishReason().equals("cancelled")) {
        assertThat(one.hungUp()).isTrue();
        assertThat(right).startsWith(record.getAnswer());
      } else {
        assertThat(record.getAnswer()).isEqualTo(right);
      }
    }
  }

  @Test
  void memoryIsGivenBackOverManyReleases() {
    String base = artifacts.base(3);
    ReleaseTarget bare = TestArtifacts.target("leak", base, null);
    // With an adapter first, so that what the base keeps to try adapters with is there before.
    ReleaseTarget first = TestArtifacts.target("leak", base, artifacts.adapter(base, 99));
    replica.routeAndWait("leak", bare, null);
    replica.routeAndWait("leak", first, null);
    replica.routeAndWait("leak", bare, null);
    replica.post(CHAT, TestReplica.chat("leak", "warm up"));
    long before = Engine.memory().liveBytes();
    for (int i = 0; i < 20; i++) {
      ReleaseTarget next = TestArtifacts.target("leak", base, artifacts.adapter(base, 100 + i));
      replica.routeAndWait("leak", next, null);
      HttpResponse<String> response = replica.post(CHAT, TestReplica.chat("leak", "hi"));
      assertThat(TestReplica.json(response.body()).path("release").asText())
          .isEqualTo(next.getRelease());
    }
    replica.routeAndWait("leak", bare, null);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(Engine.memory().liveBytes()).isLessThanOrEqualTo(before));
  }

  private static void ask(int number, AtomicBoolean stop, AtomicInteger failed, Queue<Seen> seen) {
    for (int turn = number; !stop.get(); turn++) {
      String question = QUESTIONS.get(turn % QUESTIONS.size());
      ObjectNode body = TestReplica.chat("support", question);
      body.put("max_tokens", TOKENS);
      // Of five answers one is read whole at once, three as streams, and one is hung up on.
      boolean stream = turn % 5 != 0;
      boolean hangUp = turn % 5 == 1;
      body.put("stream", stream);
      try {
        seen.add(stream ? streamed(body, question, hangUp) : whole(body, question));
      } catch (IOException | RuntimeException | AssertionError e) {
        failed.incrementAndGet();
        throw new AssertionError(e);
      }
    }
  }

  private static Seen whole(ObjectNode body, String question) {
    HttpResponse<String> response = replica.post(CHAT, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode answer = TestReplica.json(response.body());
    return new Seen(
        answer.path("id").asText(),
        answer.path("release").asText(),
        question,
        answer.at("/choices/0/message/content").asText(),
        false);
  }

  private static Seen streamed(ObjectNode body, String question, boolean hangUp)
      throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(replica.uri(CHAT))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    HttpResponse<InputStream> response;
    try {
      response = replica.http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    assertThat(response.statusCode()).isEqualTo(200);
    String release = response.headers().firstValue("X-Tidemill-Release").orElseThrow();
    String id = "";
    StringBuilder text = new StringBuilder();
    int events = 0;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("data: {")) {
          continue;
        }
        JsonNode chunk = TestReplica.json(line.substring("data: ".length()));
        assertThat(chunk.path("release").asText()).isEqualTo(release);
        id = chunk.path("id").asText();
        text.append(chunk.at("/choices/0/delta/content").asText(""));
        events++;
        if (hangUp && events == 4) {
          return new Seen(id, release, question, text.toString(), true);
        }
      }
    }
    return new Seen(id, release, question, text.toString(), false);
  }

  /// The greedy answers of a release, decoded by it alone.
  private static Map<String, String> answersOf(ReleaseTarget target) {
    Map<String, String> answers = new HashMap<>();
    @Nullable String digest = target.getAdapter();
    try (BaseModel base = BaseModel.load(artifacts.folderOf(target.getBase()));
        Generator generator = new Generator(base)) {
      @Nullable Adapter adapter =
          digest == null ? null : Adapter.load(artifacts.folderOf(digest), base.config());
      for (String question : QUESTIONS) {
        answers.put(
            question,
            generator.generate(
                List.of(ChatMessage.user(question)), adapter, SamplingParameters.greedy(TOKENS)));
      }
      if (adapter != null) {
        adapter.close();
      }
    }
    return answers;
  }

  private static String answer(
      Map<String, Map<String, String>> expected, String release, String question) {
    return TestReplica.present(TestReplica.present(expected.get(release)).get(question));
  }
}
