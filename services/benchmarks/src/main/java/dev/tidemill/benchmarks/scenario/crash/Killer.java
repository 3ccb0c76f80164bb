package dev.tidemill.benchmarks.scenario.crash;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// Kills at random: any of the victims, at any time, some of them while another one or the same one
/// recovers. Each comes back after a moment.
final class Killer {
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final double DURING_RECOVERY = 0.3;
  private static final int TOLD = 10;

  private final List<Victim> victims;
  private final Pace pace;
  private final int kills;
  private final double patienceSeconds;
  private final SplittableRandom random;
  private final Consumer<String> progress;
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger duringRecovery = new AtomicInteger();

  /// @param patienceSeconds no kill while something has been out for so long
  /// @param progress is told now and then how far it is
  Killer(
      List<Victim> victims,
      Pace pace,
      int kills,
      double patienceSeconds,
      long seed,
      Consumer<String> progress) {
    this.victims = victims;
    this.pace = pace;
    this.kills = kills;
    this.patienceSeconds = patienceSeconds;
    this.random = new SplittableRandom(seed);
    this.progress = progress;
  }

  /// Kills until it is enough.
  void run() {
    while (done.get() < kills) {
      while (!pace.killDue() || victims.stream().anyMatch(v -> v.outage() > patienceSeconds)) {
        Cluster.pause(LOOK);
      }
      int next = done.get();
      // Each of the three in turn first, then whom chance picks.
      Victim victim = victims.get(next < victims.size() ? next : random.nextInt(victims.size()));
      boolean recovering = victims.stream().anyMatch(Victim::down);
      if (!victim.kill()) {
        Cluster.pause(LOOK);
        continue;
      }
      int killed = done.incrementAndGet();
      if (recovering) {
        duringRecovery.incrementAndGet();
      }
      pace.killed();
      if (killed % TOLD == 0) {
        progress.accept("%d kills, %d events sent".formatted(killed, pace.sent()));
      }
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
    return done.get();
  }

  /// Kills that came while something had not recovered.
  int duringRecovery() {
    return duringRecovery.get();
  }

  private Duration upTo(int millis) {
    return Duration.ofMillis(random.nextInt(millis));
  }
}
