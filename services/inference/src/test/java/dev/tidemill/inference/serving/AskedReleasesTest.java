package dev.tidemill.inference.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.TestArtifacts;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.platform.http.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Who may wait for a release, for how long, and what the others are told.
class AskedReleasesTest {
  private static final String TASK = "support";
  private static final String ID = TASK + "@sha256:" + "a".repeat(64);
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir private Path work;

  private final Map<String, Release> known = new ConcurrentHashMap<>();
  private final AtomicBoolean read = new AtomicBoolean(true);
  private final AskedReleases asked =
      new AskedReleases(new KnownReleases(() -> known, read::get), 1);

  @ParameterizedTest
  @CsvSource({
    "CANDIDATE,the release has not passed its gate yet",
    "REJECTED,the release was rejected",
    "ROLLED_BACK,the release was rolled back",
    "QUARANTINED,the release is quarantined",
    "UNKNOWN,the release is in a state that this replica does not know"
  })
  void whatIsNotToBeServedIsRefusedAtOnce(ReleaseState state, String because) {
    known.put(ID, release(TASK, state));
    assertProblem(() -> asked.lease(TASK, ID, LONG), 404, because);
    assertThat(asked.servable(ID)).isFalse();
    assertThat(asked.next()).isNull();
  }

  @Test
  void whatNobodyKnowsOrIsAnotherTasksIsRefusedAtOnce() {
    assertProblem(() -> asked.lease(TASK, ID, LONG), 404, "task support has no such release");
    known.put(ID, release("billing", ReleaseState.LIVE));
    assertProblem(() -> asked.lease(TASK, ID, LONG), 404, "it is a release of task billing");
    known.clear();
    read.set(false);
    assertProblem(() -> asked.lease(TASK, ID, LONG), 503, "have not been read yet");
    assertThat(asked.next()).isNull();
  }

  @Test
  void nobodyWaitsLongerThanItsLimit() {
    known.put(ID, release(TASK, ReleaseState.RETIRED));
    assertProblem(() -> asked.lease(TASK, ID, Duration.ofMillis(20)), 504, "within the time limit");
    // And nothing is loaded for one who has gone.
    assertThat(asked.next()).isNull();
  }

  @Test
  void whoComesWhenAllPlacesAreTakenIsToldToComeAgain() throws Exception {
    known.put(ID, release(TASK, ReleaseState.EVALUATED));
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Lease> first = clients.submit(() -> asked.lease(TASK, ID, LONG));
      Awaitility.await().atMost(LONG).until(() -> asked.next() != null);
      assertProblem(() -> asked.lease(TASK, ID, LONG), 429, "too many requests wait");

      asked.refuse(ID, Problem.unavailable("no room", Duration.ofSeconds(1)));
      assertThatThrownBy(first::get).hasRootCauseMessage("no room");
      Future<Lease> second = clients.submit(() -> asked.lease(TASK, ID, LONG));
      Awaitility.await().atMost(LONG).until(() -> asked.next() != null);
      asked.close();
      assertThatThrownBy(second::get).hasRootCauseMessage("the service is stopping");
      assertProblem(() -> asked.lease(TASK, ID, LONG), 503, "the service is stopping");
    }
  }

  @Test
  void whoseReleaseIsLetGoInThatMomentWaitsForItToBeBroughtAgain() throws Exception {
    known.put(ID, release(TASK, ReleaseState.RETIRED));
    AtomicInteger woken = new AtomicInteger();
    asked.whenAsked(woken::incrementAndGet);
    try (BaseModel model = model();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Lease> waiting = clients.submit(() -> asked.lease(TASK, ID, LONG));
      Awaitility.await().atMost(LONG).until(() -> woken.get() == 1);

      ResidentRelease gone = resident(model);
      assertThat(gone.tryLetGo()).isTrue();
      asked.give(gone);
      assertThat(waiting).isNotDone();
      assertThat(asked.keeps(gone)).isFalse();
      assertThat(asked.next()).extracting(AskedReleases.Asked::id).isEqualTo(ID);
      assertThat(woken).as("the keeper is to come round again").hasValue(2);

      ResidentRelease again = resident(model);
      asked.give(again);
      Lease lease = waiting.get();
      assertThat(lease.release()).isSameAs(again);
      assertThat(again.references()).isEqualTo(1);
      assertThat(asked.next()).isNull();
      lease.close();
      assertThat(again.references()).isZero();
      assertThat(gone.references()).isZero();
    }
  }

  private static ResidentRelease resident(BaseModel model) {
    Instant at = Instant.parse("2026-01-01T00:00:00Z");
    ResidentBase base = new ResidentBase("sha256:" + "b".repeat(64), model, at);
    return new ResidentRelease(
        ID, TASK, base, null, null, at, 0, idle -> {}, new AtomicLong()::incrementAndGet);
  }

  private BaseModel model() {
    Path tokenizer = work.resolve("tokenizer.json");
    BpeTrainer.train(List.of("the tide turns the mill"), 280, BpeTrainer.CHAT_TOKENS, tokenizer);
    DecoderConfig config =
        new DecoderConfig(300, 16, 32, 1, 2, 1, 8, 1e-5, 10_000, 32, false, 1, 4);
    BaseModel.initialise(work.resolve("base"), config, tokenizer, 1);
    return BaseModel.load(work.resolve("base"));
  }

  private static void assertProblem(ThrowingCallable call, int status, String because) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            Problem.class,
            problem -> {
              assertThat(problem.status()).isEqualTo(status);
              assertThat(problem.detail()).contains(because);
            });
  }

  private static Release release(String task, ReleaseState state) {
    String base = "sha256:" + "b".repeat(64);
    return TestArtifacts.release(task, new ReleaseTarget(ID, base, null), state);
  }
}
