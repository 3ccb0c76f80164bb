package dev.tidemill.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tidemill.schemas.ReleaseId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one run measured. Every number is read off the running system: topics, answers, the
/// process.
///
/// @param eventsIn records on the raw topics, completions not counted
/// @param completions answers on record
/// @param examples examples that the curator made, by kind
/// @param deadLetters records refused, by reason
/// @param releases every release with its state
/// @param exactMatch shares of settings whose default is answered exactly
/// @param heldoutBitsPerByte on documents kept out of training, before and after continued
///     pre-training
/// @param secondsEventToServed from the event to the first canary or live traffic of a release that
///     learnt from it
/// @param requests chat requests asked by the story
/// @param swapCount changes of the release behind a route
/// @param poison what became of the poisoned burst
/// @param audit lineage audit over every trainer
/// @param peakRssMb peak resident memory of this process, MiB
/// @param wallSeconds from the start of the process to this summary
public record Summary(
    long eventsIn,
    long completions,
    Map<String, Long> examples,
    Map<String, Long> deadLetters,
    List<ReleaseLine> releases,
    ExactMatchShares exactMatch,
    BeforeAfter heldoutBitsPerByte,
    Seconds secondsEventToServed,
    Requests requests,
    long swapCount,
    Poison poison,
    Audit audit,
    long peakRssMb,
    double wallSeconds) {

  /// One release.
  ///
  /// @param seconds from publication to its last change of state
  public record ReleaseLine(
      String release,
      String task,
      String base,
      @Nullable String adapter,
      String state,
      String reason,
      double seconds) {}

  /// Shares of settings whose default is answered exactly.
  ///
  /// @param initial the first release, on every setting of the older reference
  /// @param changedBefore the release that was live when the world changed, on the settings that
  ///     changed, judged by the newer reference
  /// @param changedAfter the adapter that won, on the same
  /// @param unchangedAfter the adapter that won, on the settings that did not change
  /// @param changedAtEnd whatever is live after the attack, on the settings that changed
  /// @param unchangedAtEnd whatever is live after the attack, on the settings that did not
  public record ExactMatchShares(
      double initial,
      double changedBefore,
      double changedAfter,
      double unchangedAfter,
      double changedAtEnd,
      double unchangedAtEnd) {}

  public record BeforeAfter(double before, double after) {}

  public record Seconds(double p50, double max) {}

  public record Requests(long served, long failed) {}

  /// A poisoned burst.
  ///
  /// @param sent feedback records of the poisoners
  /// @param examplesMade examples that still came of them
  /// @param weightShare their share of all training weight made in the time of the attack
  public record Poison(long sent, long examplesMade, double weightShare) {}

  public record Audit(long lost, long trainedTwice, long pending) {}

  /// Writes the summary as JSON.
  public void write(Path file) throws IOException {
    Files.writeString(file, json().writeValueAsString(this) + "\n");
  }

  /// The summary as lines for people.
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(line("events in", eventsIn + " (and " + completions + " completions)"));
    lines.add(line("examples", examples.toString()));
    lines.add(line("dead letters", deadLetters.toString()));
    for (ReleaseLine release : releases) {
      lines.add(
          line("release", "%s %s: %s".formatted(brief(release), release.state, release.reason)));
    }
    lines.add(
        line(
            "exact match",
            "%s at first; changed settings %s before, %s after; unchanged %s after"
                .formatted(
                    share(exactMatch.initial),
                    share(exactMatch.changedBefore),
                    share(exactMatch.changedAfter),
                    share(exactMatch.unchangedAfter))));
    lines.add(
        line(
            "  after the attack",
            "changed settings %s, unchanged %s"
                .formatted(share(exactMatch.changedAtEnd), share(exactMatch.unchangedAtEnd))));
    lines.add(
        line(
            "held-out bits/byte",
            "%s before, %s after continued pre-training"
                .formatted(share(heldoutBitsPerByte.before), share(heldoutBitsPerByte.after))));
    lines.add(
        line(
            "event to served",
            "%.1f s median, %.1f s at most"
                .formatted(secondsEventToServed.p50, secondsEventToServed.max)));
    lines.add(
        line(
            "requests",
            "%d served, %d failed; %d swaps"
                .formatted(requests.served, requests.failed, swapCount)));
    lines.add(
        line(
            "poisoned burst",
            "%d feedback sent, %d examples came of it, %.1f %% of the training weight"
                .formatted(poison.sent, poison.examplesMade, 100 * poison.weightShare)));
    lines.add(
        line(
            "lineage audit",
            "%d lost, %d trained twice, %d pending"
                .formatted(audit.lost, audit.trainedTwice, audit.pending)));
    lines.add(line("process", "%d MiB at most, %.0f s".formatted(peakRssMb, wallSeconds)));
    return lines;
  }

  private static String line(String name, String value) {
    return "  " + name + " ".repeat(Math.max(1, 20 - name.length())) + value;
  }

  private static String share(double value) {
    return "%.3f".formatted(value);
  }

  private static String brief(ReleaseLine release) {
    return ReleaseId.brief(release.release) + (release.adapter == null ? " (base)" : " (adapter)");
  }

  private static ObjectMapper json() {
    return JsonMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build();
  }
}
