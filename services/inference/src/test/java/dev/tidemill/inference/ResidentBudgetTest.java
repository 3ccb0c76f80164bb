package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Arm;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.inference.serving.ResidentRelease;
import dev.tidemill.model.Engine;
import dev.tidemill.platform.http.Problem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Releases asked for by id come and go within the budget, and none goes that somebody holds. The
/// budget has room for the live release's base and two adapters.
class ResidentBudgetTest {
  private static final String TASK = "support";
  private static final String QUESTION = "who turns the mill?";

  @TempDir private Path work;

  private TestArtifacts artifacts;
  private String base;
  private long budget;
  private ReleaseTarget live;
  private ReleaseTarget a;
  private ReleaseTarget b;
  private ReleaseTarget c;
  private TestKeeper keeper;

  @BeforeEach
  void serve() {
    artifacts = new TestArtifacts(work);
    base = artifacts.base(1);
    live = TestArtifacts.target(TASK, base, null);
    a = TestArtifacts.target(TASK, base, artifacts.adapter(base, 11));
    String second = artifacts.adapter(base, 12);
    b = TestArtifacts.target(TASK, base, second);
    c = TestArtifacts.target(TASK, base, artifacts.adapter(base, 13));
    budget = artifacts.bytesOfBase(base) + 2 * artifacts.bytesOfAdapter(second);
    keeper = new TestKeeper(artifacts, budget, TASK, live);
    for (ReleaseTarget target : List.of(a, b, c)) {
      keeper.know(target, ReleaseState.RETIRED);
    }
  }

  @AfterEach
  void stop() {
    keeper.close();
  }

  @Test
  void theLeastRecentlyUsedGivesWayAndNeverOneInUse() throws InterruptedException {
    String right = artifacts.answerOf(a, QUESTION, 12);
    Lease first = keeper.lease(a);
    Lease second = keeper.lease(b);
    assertThat(first.arm()).isEqualTo(Arm.PINNED);

    assertRefused(c, 503, "resident_bytes");
    keeper.awaitOnly(live, a, b);
    assertThat(keeper.evictions()).isZero();
    assertThat(answer(first)).isEqualTo(right);

    second.close();
    Lease third = keeper.lease(c);
    keeper.awaitOnly(live, a, c);
    assertThat(third.release().id()).isEqualTo(c.getRelease());
    assertThat(answer(first)).isEqualTo(right);
    assertThat(keeper.evictions()).isEqualTo(1);

    third.close();
    first.close();
    keeper.lease(b).close();
    // A ended after C, so C was the one not used for the longest.
    keeper.awaitOnly(live, a, b);
    assertThat(keeper.loads()).isEqualTo(5);
    assertThat(keeper.resident()).allSatisfy(one -> assertThat(one.references()).isZero());
    assertThat(keeper.resident())
        .filteredOn(ResidentRelease::pinned)
        .extracting(ResidentRelease::id)
        .containsExactly(live.getRelease());
    assertThat(keeper.gauge("tidemill.inference.resident.memory.peak")).isEqualTo((double) budget);
    assertThat(keeper.gauge("tidemill.inference.resident.memory")).isEqualTo((double) budget);
    assertThat(keeper.gauge("tidemill.inference.resident.budget")).isEqualTo((double) budget);
  }

  @Test
  void allWhoAskForAReleaseAtOnceWaitForOneLoad() throws Exception {
    long before = keeper.loads();
    CountDownLatch start = new CountDownLatch(1);
    List<Lease> leases = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Lease>> asking = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        asking.add(
            clients.submit(
                () -> {
                  start.await();
                  return keeper.lease(a);
                }));
      }
      start.countDown();
      for (Future<Lease> one : asking) {
        leases.add(one.get());
      }
    }
    assertThat(leases.stream().map(Lease::release).distinct()).hasSize(1);
    assertThat(leases.getFirst().release().references()).isEqualTo(32);
    assertThat(keeper.loads()).isEqualTo(before + 1);
    leases.forEach(Lease::close);
    assertThat(leases.getFirst().release().references()).isZero();
    assertThat(keeper.settled()).isTrue();
  }

  @Test
  void aReleaseThatIsQuarantinedGoesWhenItsLastRequestIsAnswered() throws InterruptedException {
    Lease lease = keeper.lease(a);
    keeper.know(a, ReleaseState.QUARANTINED);
    assertRefused(a, 404, "the release is quarantined");
    assertThat(answer(lease)).isEqualTo(artifacts.answerOf(a, QUESTION, 12));
    lease.close();
    keeper.awaitOnly(live);
  }

  @Test
  void aRouteTakesTheMemoryOfReleasesThatNobodyHolds() throws InterruptedException {
    keeper.lease(a).close();
    keeper.lease(b).close();
    keeper.route(c);
    keeper.awaitOnly(b, c);
    // The release that was live, and then is asked for, is one like any other.
    keeper.know(live, ReleaseState.RETIRED);
    keeper.lease(live).close();
    keeper.awaitOnly(b, c, live);
  }

  @Test
  void aBaseComesAndGoesWithTheReleasesOnIt() throws InterruptedException {
    String other = artifacts.base(2);
    ReleaseTarget foreign = TestArtifacts.target(TASK, other, null);
    keeper.know(foreign, ReleaseState.EVALUATED);
    assertRefused(foreign, 503, "resident_bytes");
    keeper.close();
    keeper = new TestKeeper(artifacts, 2 * budget, TASK, live);
    keeper.know(foreign, ReleaseState.EVALUATED);
    List<ReleaseTarget> many = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      many.add(TestArtifacts.target(TASK, base, artifacts.adapter(base, 20 + i)));
    }
    keeper.lease(foreign).close();
    keeper.awaitOnly(live, foreign);
    long before = Engine.memory().liveBytes();
    for (ReleaseTarget one : many) {
      keeper.know(one, ReleaseState.EVALUATED);
      keeper.lease(one).close();
    }
    keeper.awaitOnly(live, foreign, many.get(0), many.get(1), many.get(2), many.get(3));
    // A fifth does not fit beside the other base, which nobody has asked for since.
    keeper.know(a, ReleaseState.EVALUATED);
    keeper.lease(a).close();
    keeper.awaitOnly(live, a, many.get(0), many.get(1), many.get(2), many.get(3));
    assertThat(keeper.gauge("tidemill.inference.resident.memory"))
        .isLessThanOrEqualTo(2.0 * budget);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                assertThat(Engine.memory().liveBytes())
                    .isLessThan(
                        before
                            - artifacts.bytesOfBase(other) / 2
                            + 5 * artifacts.bytesOfAdapter(adapterOf(a))));
  }

  private static String adapterOf(ReleaseTarget target) {
    return TestReplica.present(target.getAdapter());
  }

  private String answer(Lease lease) {
    return TestArtifacts.answer(lease.release().model(), lease.release().adapter(), QUESTION, 12);
  }

  private void assertRefused(ReleaseTarget target, int status, String because) {
    assertThatThrownBy(() -> keeper.lease(target))
        .isInstanceOfSatisfying(
            Problem.class,
            problem -> {
              assertThat(problem.status()).isEqualTo(status);
              assertThat(problem.detail()).contains(because);
              assertThat(problem.retryAfter() != null).isEqualTo(status == 503);
            });
  }
}
