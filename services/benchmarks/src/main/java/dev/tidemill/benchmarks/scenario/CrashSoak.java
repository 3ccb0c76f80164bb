package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.crash.Settings;
import dev.tidemill.benchmarks.scenario.crash.Soak;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.logging.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// Kills broker, ingest and curator at random (kill -9) during a stream of events, and holds what
/// comes of it against a model and against an undisturbed run.
@CommandLine.Command(
    name = "crash-soak",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Random kills (-9) of broker, ingest and curator during a stream of events.")
public final class CrashSoak implements Callable<Integer> {
  private static final int SHOWN = 20;
  private static final int LONGEST_OUTAGE_SECONDS = 30;

  @CommandLine.Option(names = "--events", paramLabel = "N", description = "events to be sent")
  private int events = 200_000;

  @CommandLine.Option(names = "--kills", paramLabel = "N", description = "kills")
  private int kills = 100;

  @CommandLine.Option(names = "--seed", paramLabel = "S", description = "of script and kills")
  private long seed = 5;

  @CommandLine.Option(
      names = "--settle",
      paramLabel = "SECONDS",
      description = "the curator's join.settle: longer than any outage")
  private int settle = 120;

  @CommandLine.Option(
      names = "--orphans",
      paramLabel = "SECONDS",
      description = "the curator's join.orphan_retention: longer than any outage")
  private int orphans = 180;

  @CommandLine.Option(
      names = "--no-late-revisions",
      negatable = true,
      description =
          "nothing is revised when its completion is there already; --settle may be short")
  private boolean lateRevisions = true;

  @CommandLine.Option(names = "--lanes", paramLabel = "N", description = "senders side by side")
  private int lanes = 8;

  @CommandLine.Option(
      names = "--disturbed-only",
      description = "no undisturbed run; the model judges alone")
  private boolean disturbedOnly;

  @CommandLine.Option(
      names = "--data",
      paramLabel = "DIR",
      description = "keeps data and logs here; without it they go to a temporary folder")
  private @Nullable Path data;

  @CommandLine.Option(
      names = "--report",
      paramLabel = "FILE",
      description = "writes the result as JSON")
  private @Nullable Path report;

  public static void main(String[] args) {
    System.exit(new CommandLine(new CrashSoak()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Logging.configure();
    if (lateRevisions && settle < LONGEST_OUTAGE_SECONDS) {
      System.err.printf(
          "--settle %d is shorter than an outage may last, and what is revised late would not"
              + " settle as the model says: give at least %d, or --no-late-revisions%n",
          settle, LONGEST_OUTAGE_SECONDS);
      return 2;
    }
    Path folder =
        data == null ? Files.createTempDirectory("tidemill-crash-soak") : data.toAbsolutePath();
    Settings settings =
        new Settings(
            seed,
            events,
            Duration.ofSeconds(settle),
            Duration.ofSeconds(orphans),
            lateRevisions,
            lanes);
    Soak.Result result = new Soak(settings, folder, System.out).run(kills, !disturbedOnly);
    if (report != null) {
      Files.write(report, Json.mapper().writeValueAsBytes(result));
    }
    result.faults().stream().limit(SHOWN).forEach(System.out::println);
    int code = print(result);
    if (code == 0 && data == null) {
      remove(folder);
    } else {
      System.out.println("data and logs of all processes are in " + folder);
    }
    return code;
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private int print(Soak.Result result) {
    Report out = new Report(System.out);
    out.atLeast("events", result.events(), events, "");
    int killed = result.kills().values().stream().mapToInt(Integer::intValue).sum();
    out.atLeast("kills", killed, kills, "");
    result.kills().forEach((victim, count) -> out.figure("kills of the " + victim, count, ""));
    out.figure("kills during a recovery", result.killsDuringRecovery(), "");
    each(result.recoveries(), "recovery of the ", out);
    result.outages().forEach((v, all) -> out.figure("longest outage of the " + v, max(all), "s"));
    out.atMost(
        "ends without a kill", result.falls().values().stream().mapToInt(f -> f).sum(), 0, "");
    out.figure("undisturbed run", result.undisturbedSeconds(), "s");
    out.figure("disturbed run", result.disturbedSeconds(), "s");
    out.figure("requests sent again", (double) result.retries(), "");
    out.figure("raw records", (double) result.rawRecords(), "");
    out.figure("documents", result.documents(), "");
    out.figure("examples", result.examples(), "");
    out.figure("dead letters", result.deadLetters(), "");
    out.atMost("raw records not read", (double) result.behind(), 0, "");
    out.atMost("feedback parked", result.parked(), 0, "");
    out.atMost("lost", result.lost(), 0, "");
    out.atMost("duplicated", result.duplicated(), 0, "");
    out.atMost("differing", result.differing(), 0, "");
    return out.exitCode();
  }

  private static void each(Map<String, List<Double>> all, String name, Report out) {
    all.forEach(
        (victim, seconds) -> {
          double[] values = seconds.stream().mapToDouble(Double::doubleValue).toArray();
          out.figure(name + victim + ", p50", Report.median(values), "s");
          out.figure(name + victim + ", at most", max(seconds), "s");
        });
  }

  private static double max(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
  }
}
