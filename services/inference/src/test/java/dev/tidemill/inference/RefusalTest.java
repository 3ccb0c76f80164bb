package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Canary;
import dev.tidemill.events.RefusedRelease;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Replica;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What must not be served is refused and reported, and the live release goes on.
class RefusalTest {
  private static final String TASK = "support";

  @TempDir private static Path work;

  private static TestArtifacts artifacts;
  private static TestReplica replica;
  private static String base;
  private static ReleaseTarget good;

  @BeforeAll
  static void start() {
    artifacts = new TestArtifacts(work);
    replica = new TestReplica(artifacts, config -> config.retryRefused(Duration.ofMillis(100)));
    base = artifacts.base(1);
    good = TestArtifacts.target(TASK, base, artifacts.adapter(base, 5));
  }

  @AfterAll
  static void stop() {
    replica.close();
  }

  @BeforeEach
  void serveTheGoodOne() {
    replica.routeAndWait(TASK, good, null);
  }

  @Test
  void corruptFile() throws IOException {
    String digest = artifacts.adapter(base, 31);
    Path file = artifacts.folderOf(digest).resolve("adapter_model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    assertRefused(TestArtifacts.target(TASK, base, digest), "adapter_model.safetensors");
  }

  @Test
  void foreignSignature() {
    assertRefused(
        TestArtifacts.target(TASK, base, artifacts.adapterOfStranger(base, 32)), "manifest.sig");
  }

  @Test
  void missingSignature() throws IOException {
    String digest = artifacts.adapter(base, 33);
    Files.delete(artifacts.folderOf(digest).resolve("manifest.sig"));
    assertRefused(TestArtifacts.target(TASK, base, digest), "manifest.sig");
  }

  @Test
  void missingArtifact() {
    assertRefused(TestArtifacts.target(TASK, base, "sha256:" + "0".repeat(64)), "does not exist");
  }

  @Test
  void pathInsteadOfDigest() {
    assertRefused(TestArtifacts.target(TASK, base, "../../etc/passwd"), "is not sha256:");
  }

  @Test
  void wrongBase() {
    String other = artifacts.base(2);
    assertRefused(
        TestArtifacts.target(TASK, base, artifacts.adapter(other, 34)), "it stands on base");
  }

  @Test
  void baseInPlaceOfAdapter() {
    assertRefused(TestArtifacts.target(TASK, base, base), "it is of kind BASE");
  }

  @Test
  void valuesThatAreNotFinite() {
    for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          TestArtifacts.target(TASK, base, artifacts.adapter(base, () -> value)), "finite");
    }
  }

  @Test
  void valuesThatOverflowWhenUsed() {
    assertRefused(TestArtifacts.target(TASK, base, artifacts.adapter(base, () -> 1e38)), "logit");
  }

  @Test
  void releaseIdOfOtherParts() {
    ReleaseTarget target =
        new ReleaseTarget(TASK + "@sha256:" + "1".repeat(64), base, artifacts.adapter(base, 35));
    assertRefused(target, "its task, base and adapter make");
  }

  @Test
  void refusedCanaryLeavesItsUsersToLive() {
    ReleaseTarget missing = TestArtifacts.target(TASK, base, "sha256:" + "2".repeat(64));
    replica.routeAndWait(TASK, good, new Canary(missing, 0.99, "salt"));
    assertReported(missing, "does not exist");
    for (int i = 0; i < 10; i++) {
      assertThat(release("user-" + i)).isEqualTo(good.getRelease());
    }
  }

  @Test
  void repairedArtifactIsServedAfterAll() throws IOException {
    String digest = artifacts.adapter(base, 36);
    ReleaseTarget target = TestArtifacts.target(TASK, base, digest);
    Path signature = artifacts.folderOf(digest).resolve("manifest.sig");
    byte[] bytes = Files.readAllBytes(signature);
    Files.delete(signature);
    assertRefused(target, "manifest.sig");
    replica.routeAndWait(TASK, target, null);
    Files.write(signature, bytes);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> release("anna").equals(target.getRelease()));
    assertThat(replica.service.residency().refused()).isEmpty();
  }

  /// As the live target: refused, reported, counted, and the release before it goes on.
  private static void assertRefused(ReleaseTarget target, String because) {
    double before = refusals();
    replica.routeAndWait(TASK, target, null);
    assertReported(target, because);
    assertThat(refusals()).isEqualTo(before + 1);
    assertThat(release("anna")).isEqualTo(good.getRelease());
    replica.routeAndWait(TASK, good, null);
    assertThat(replica.service.residency().refused()).isEmpty();
  }

  private static void assertReported(ReleaseTarget target, String because) {
    RefusedRelease refused =
        Awaitility.await("refusal of " + target)
            .atMost(Duration.ofSeconds(10))
            .until(() -> refused(target), found -> found != null);
    assertThat(refused.getReason()).contains(because).doesNotContain("\n");
  }

  private static @Nullable RefusedRelease refused(ReleaseTarget target) {
    @Nullable Replica reported = replica.reported();
    if (reported == null) {
      return null;
    }
    return reported.getRefused().stream()
        .filter(one -> one.getRelease().equals(target.getRelease()))
        .findFirst()
        .orElse(null);
  }

  private static double refusals() {
    return replica.metrics.get("tidemill.inference.refused").counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  private static String release(String user) {
    HttpResponse<String> response =
        replica.post(
            "/v1/chat/completions",
            TestReplica.chat(TASK, "hi").put("max_tokens", 1).put("user", user));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("X-Tidemill-Release").orElseThrow();
  }
}
