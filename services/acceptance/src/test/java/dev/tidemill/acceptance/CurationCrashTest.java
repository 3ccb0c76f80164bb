package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.benchmarks.scenario.crash.Settings;
import dev.tidemill.benchmarks.scenario.crash.Soak;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Broker, ingest and curator are killed with `kill -9` while a stream of documents,
/// demonstrations, completions and feedback flows through them; nothing of what was acknowledged is
/// lost, nothing trains twice, and the joins are those that the model expects. `infra/scenario
/// crash-soak` does the same a hundred times longer.
@Timeout(240)
class CurationCrashTest {
  private static final int EVENTS = 2_000;
  private static final int KILLS = 6;

  /// Data and logs of the processes stay when the test fails.
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  @Test
  void nothingIsLostAndNothingTrainsTwice() throws IOException {
    Settings settings =
        new Settings(3, EVENTS, Duration.ofSeconds(1), Duration.ofSeconds(30), false, 4);
    Soak.Result result = new Soak(settings, folder, System.out).run(KILLS, false);
    System.out.printf(
        "%d events, kills %s, seconds until it worked again %s%n",
        result.events(), result.kills(), result.recoveries());
    assertThat(result.behind()).as("raw records not read").isZero();
    assertThat(result.faults()).as("lost, duplicated or not as the model says").isEmpty();
    assertThat(result.kills())
        .as("kills")
        .hasSize(3)
        .allSatisfy((v, n) -> assertThat(n).isPositive());
    assertThat(result.falls().values()).as("ends without a kill").containsOnly(0);
    assertThat(result.parked()).as("feedback parked").isZero();
    assertThat(result.examples()).as("examples").isGreaterThan(EVENTS / 4);
    assertThat(result.documents()).as("documents").isGreaterThan(EVENTS / 10);
  }
}
