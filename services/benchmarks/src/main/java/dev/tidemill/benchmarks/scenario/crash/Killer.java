package dev.tidemill.benchmarks.scenario.crash;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/// Kills at random: any of the victims, at any time, some of them while another one or the same one
/// recovers. Each comes back after a moment.
final class Killer {
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final double DURING_RECOVERY = 0.3;

  private final List<Victim> victims;
  private final Pace pace;
  private final int kills;
  private final double patienceSeconds;
  private final SplittableRandom random;
  private volatile int done;
  private volatile int duringRecovery;

  /// @param patienceSeconds no kill while something has been out for so long
  Killer(List<Victim> victims, Pace pace, int kills, double patienceSeconds, long seed) {
    this.victims = victims;
    this.pace = pace;
    this.kills = kills;
    this.patienceSeconds = patienceSeconds;
    this.random = new SplittableRandom(seed);
  }

  /// Kills until it is enough.
  void run() {
    while (done < kills) {
      while (!pace.killDue() || victims.stream().anyMatch(v -> v.outage() > patienceSeconds)) {
        Cluster.pause(LOOK);
      }
      // Each of the three in turn first, then whom chance picks.
      Victim victim = victims.get(done < victims.size() ? done : random.nextInt(victims.size()));
      boolean recovering = victims.stream().anyMatch(Victim::down);
      if (!victim.kill()) {
        Cluster.pause(LOOK);
        continue;
      }
      done++;
      duringRecovery += recovering ? 1 : 0;
      pace.killed();
      Duration absence = upTo(2_000);
      var _ =
          Thread.ofVirtual()
              .start(
                  () -> {
                    Cluster.pause(absence);
                    victim.start();
                  });
      boolean soon = random.nextDouble() < DURING_RECOVERY;
      if (!soon) {
        while (victim.down() && victim.outage() < patienceSeconds) {
          Cluster.pause(LOOK);
        }
      }
      Cluster.pause(upTo(soon ? 4_000 : 2_500));
    }
  }

  int kills() {
    return done;
  }

  /// Kills that came while something had not recovered.
  int duringRecovery() {
    return duringRecovery;
  }

  private Duration upTo(int millis) {
    return Duration.ofMillis(random.nextInt(millis));
  }
}
