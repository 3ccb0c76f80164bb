package dev.tidemill.benchmarks.scenario.crash;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Runs the script undisturbed and with kills, and compares.
public final class Soak {
  private final Settings settings;
  private final Script script;
  private final Path folder;
  private final PrintStream out;

  /// @param folder takes the data and the logs of all processes
  public Soak(Settings settings, Path folder, PrintStream out) {
    this.settings = settings;
    this.script = new Script(settings);
    this.folder = folder;
    this.out = out;
  }

  /// What it came to.
  ///
  /// @param kills of each victim
  /// @param recoveries seconds from each last kill of a victim until it worked
  /// @param outages seconds from the first of a row of kills until it worked
  /// @param falls how often something ended without being killed
  /// @param rawRecords that were written, retries included
  /// @param behind raw records not read in the end
  /// @param parked feedback that waited for its completion in the end
  /// @param betweenRuns what differs from the undisturbed run; empty when there was none
  public record Result(
      int events,
      Map<String, Integer> kills,
      int killsDuringRecovery,
      Map<String, List<Double>> recoveries,
      Map<String, List<Double>> outages,
      Map<String, Integer> falls,
      Verdict undisturbed,
      Verdict disturbed,
      List<String> betweenRuns,
      int documents,
      int examples,
      int deadLetters,
      long rawRecords,
      long behind,
      double parked,
      long retries,
      double undisturbedSeconds,
      double disturbedSeconds) {

    /// What is missing in either run.
    public int lost() {
      return undisturbed.lost().size() + disturbed.lost().size();
    }

    /// What is there more than once in either run.
    public int duplicated() {
      return undisturbed.duplicated().size() + disturbed.duplicated().size();
    }

    /// What is there and should not be in either run, or is not the same in both.
    public int differing() {
      return undisturbed.differing().size() + disturbed.differing().size() + betweenRuns.size();
    }

    /// Everything that is wrong.
    public List<String> faults() {
      List<String> faults = new ArrayList<>();
      faults("undisturbed", undisturbed, faults);
      faults("disturbed", disturbed, faults);
      betweenRuns.forEach(fault -> faults.add("between the runs: " + fault));
      return faults;
    }

    private static void faults(String run, Verdict verdict, List<String> faults) {
      verdict.lost().forEach(fault -> faults.add(run + ": lost " + fault));
      verdict.duplicated().forEach(fault -> faults.add(run + ": twice " + fault));
      verdict.differing().forEach(fault -> faults.add(run + ": unexpected " + fault));
    }
  }

  /// Runs it.
  ///
  /// @param compare whether there is an undisturbed run, too; the model judges in any case
  public Result run(int kills, boolean compare) throws IOException {
    Run.Result calm = compare ? once("undisturbed", 0) : null;
    Run.Result wild = once("disturbed", kills);
    Map<String, Integer> byVictim = new TreeMap<>();
    Map<String, Integer> falls = new TreeMap<>();
    Map<String, List<Double>> recoveries = new TreeMap<>();
    Map<String, List<Double>> outages = new TreeMap<>();
    for (Victim victim : wild.victims()) {
      byVictim.put(victim.name(), victim.kills());
      falls.put(victim.name(), victim.falls());
      recoveries.put(victim.name(), victim.recoveries());
      outages.put(victim.name(), victim.outages());
    }
    return new Result(
        script.events(),
        byVictim,
        wild.duringRecovery(),
        recoveries,
        outages,
        falls,
        calm == null ? new Verdict(List.of(), List.of(), List.of()) : calm.verdict(),
        wild.verdict(),
        calm == null ? List.of() : Verdict.between(calm.outcome(), wild.outcome()),
        wild.outcome().documents().size(),
        wild.outcome().examples().size(),
        wild.outcome().deadLetters(),
        wild.rawRecords(),
        wild.behind(),
        wild.parked(),
        wild.retries(),
        calm == null ? 0 : calm.seconds(),
        wild.seconds());
  }

  private Run.Result once(String name, int kills) throws IOException {
    return new Run(settings, script, out).run(folder.resolve(name), kills);
  }
}
