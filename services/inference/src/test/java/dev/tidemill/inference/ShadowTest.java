package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import dev.tidemill.events.ReleaseTarget;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A shadow is asked what users ask, says it to nobody, and stands in nobody's way.
class ShadowTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TASK = "support";
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir private static Path work;

  private static TestArtifacts artifacts;
  private static TestReplica replica;
  private static ReleaseTarget live;
  private static ReleaseTarget shadow;

  @BeforeAll
  static void start() {
    artifacts = new TestArtifacts(work);
    replica = new TestReplica(artifacts, config -> config.maxRunning(2));
    String base = artifacts.base(1);
    live = TestArtifacts.target(TASK, base, artifacts.adapter(base, 41));
    shadow = TestArtifacts.target(TASK, artifacts.base(2), null);
    replica.await(TASK, replica.route(TASK, live, null, shadow));
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  @Test
  void aRequestIsMirroredAndTheCopyIsOnlyRecorded() {
    HttpResponse<String> response = replica.post(CHAT, TestReplica.chat(TASK, "who goes there?"));
    assertThat(response.headers().firstValue("X-Tidemill-Release")).hasValue(live.getRelease());
    String id = TestReplica.json(response.body()).path("id").asText();
    Completion copy = replica.completion(id + "-shadow");
    assertThat(copy.getArm()).isEqualTo(Arm.SHADOW);
    assertThat(copy.getRelease()).isEqualTo(shadow.getRelease());
    assertThat(copy.getAnswer())
        .isEqualTo(artifacts.answerOf(shadow, "who goes there?", 12))
        .isNotEqualTo(TestReplica.json(response.body()).at("/choices/0/message/content").asText());
    Completion served = replica.completion(id);
    assertThat(served.getArm()).isEqualTo(Arm.LIVE);
    assertThat(copy.getPrompt()).isEqualTo(served.getPrompt());
    Awaitility.await().atMost(LIMIT).until(() -> replica.references() == 0);
  }

  @Test
  void whoAsksForAReleaseByIdIsNotMirrored() {
    HttpResponse<String> response =
        replica.post(CHAT, TestReplica.chat(live.getRelease(), "and by name?"));
    String id = TestReplica.json(response.body()).path("id").asText();
    replica.completion(id);
    HttpResponse<String> after = replica.post(CHAT, TestReplica.chat(TASK, "and after?"));
    replica.completion(TestReplica.json(after.body()).path("id").asText() + "-shadow");
    assertThat(replica.completions()).doesNotContainKey(id + "-shadow");
  }

  @Test
  void copiesGiveWayToUsersAndAreCounted() {
    ObjectNode body = TestReplica.chat(TASK, "busy?").put("max_tokens", 60);
    List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      asked.add(CompletableFuture.supplyAsync(() -> replica.post(CHAT, body)));
    }
    String expected = artifacts.answerOf(live, "busy?", 60);
    for (CompletableFuture<HttpResponse<String>> one : asked) {
      HttpResponse<String> response = one.join();
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(TestReplica.json(response.body()).at("/choices/0/message/content").asText())
          .isEqualTo(expected);
    }
    assertThat(copies("dropped") + copies("cancelled")).isPositive();
    Awaitility.await().atMost(LIMIT).until(() -> replica.references() == 0);
  }

  private static double copies(String outcome) {
    return replica
        .metrics
        .find("tidemill.inference.shadow.requests")
        .tag("outcome", outcome)
        .counters()
        .stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }
}
