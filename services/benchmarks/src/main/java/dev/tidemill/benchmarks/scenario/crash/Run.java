package dev.tidemill.benchmarks.scenario.crash;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/// One run of the script on a cluster of its own.
final class Run {
  private final Settings settings;
  private final Script script;
  private final PrintStream out;

  Run(Settings settings, Script script, PrintStream out) {
    this.settings = settings;
    this.script = script;
    this.out = out;
  }

  /// What a run came to.
  ///
  /// @param behind raw records that the curator had not read
  /// @param parked feedback that waited for its completion
  record Result(
      Outcome outcome,
      Verdict verdict,
      long rawRecords,
      long behind,
      double parked,
      double seconds,
      long retries,
      int kills,
      int duringRecovery,
      List<Victim> victims) {}

  /// Runs it.
  ///
  /// @param kills 0 leaves it undisturbed
  Result run(Path folder, int kills) throws IOException {
    Files.createDirectories(folder);
    long start = System.nanoTime();
    try (Cluster cluster = new Cluster(folder, settings)) {
      cluster.start();
      say("%d events, %d kills, in %s", script.events(), kills, folder);
      Pace pace = new Pace(script.events(), kills);
      Killer killer =
          new Killer(
              cluster.victims(),
              pace,
              kills,
              settings.patienceSeconds(),
              settings.seed() + 1,
              text -> say("%6.0f s: %s", seconds(start), text));
      Thread killing = Thread.ofPlatform().name("killer").daemon().start(killer::run);
      try (Gateway gateway = new Gateway(cluster.ingestPort());
          Replica replica = new Replica(cluster.clients());
          Tail tail = new Tail(cluster.clients())) {
        Driver driver = new Driver(script, gateway, replica, pace, settings.lanes());
        Oracle oracle = new Oracle();
        long streamStart = System.nanoTime();
        driver.steps();
        say("%d events sent; what they make must settle", pace.sent());
        script.steps(oracle::accept);
        oracle.settle();
        settled(cluster, tail, oracle.documents() + oracle.examples(), 0, () -> true);
        driver.afterthoughts();
        double streamSeconds = seconds(streamStart);
        pace.end();
        join(killing);
        say("%d events sent in %.0f s, %d kills", pace.sent(), streamSeconds, killer.kills());
        script.afterthoughts(oracle::accept);
        Expected expected = oracle.end();
        Cluster.await("everything works again", Duration.ofMinutes(2), cluster::works);
        settled(
            cluster,
            tail,
            expected.documents().size() + expected.examples().size(),
            expected.refused().size(),
            () -> cluster.parked() == 0);
        // What is too much comes late, if it comes.
        Cluster.pause(Duration.ofSeconds(3));
        Lags.Account lags = Lags.of(cluster.clients());
        Outcome outcome = Outcome.read(cluster.clients());
        say("topics read: %s", counts(outcome));
        return new Result(
            outcome,
            Verdict.of(outcome, expected),
            lags.records(),
            lags.behind(),
            cluster.parked(),
            seconds(start),
            gateway.retries(),
            killer.kills(),
            killer.duringRecovery(),
            cluster.victims());
      }
    }
  }

  /// Returns when so much is there and the curator has read all, or nothing has come for long.
  ///
  /// @param refused dead letters at least: what is sent again makes more of them
  /// @param done what must hold besides
  private void settled(Cluster cluster, Tail tail, int curated, int refused, BooleanSupplier done) {
    Duration patience =
        settings.settle().plus(settings.orphanRetention()).plus(Duration.ofMinutes(1));
    while (tail.quiet().compareTo(patience) < 0) {
      if (tail.curated() >= curated
          && tail.deadLetters() >= refused
          && Lags.of(cluster.clients()).behind() == 0
          && done.getAsBoolean()) {
        return;
      }
      Cluster.pause(Duration.ofMillis(500));
    }
    say(
        "nothing has come for %d s: %d of %d curated, %d of %d refused, %d not read, %.0f parked",
        patience.toSeconds(),
        tail.curated(),
        curated,
        tail.deadLetters(),
        refused,
        Lags.of(cluster.clients()).behind(),
        cluster.parked());
  }

  private static Map<String, Integer> counts(Outcome outcome) {
    Map<String, Integer> counts = new TreeMap<>();
    counts.put("documents", outcome.documents().size());
    counts.put("examples", outcome.examples().size());
    for (String refusal : outcome.refused()) {
      counts.merge(refusal.substring(0, refusal.indexOf(' ')), 1, Integer::sum);
    }
    return counts;
  }

  private void say(String text, Object... values) {
    out.printf(Locale.ROOT, text + "%n", values);
    out.flush();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
