package dev.tidemill.benchmarks.scenario.serving;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a client saw of its request.
///
/// @param model that it asked for
/// @param question of the one user turn
/// @param due when the request was to be sent, by [System#nanoTime()]
/// @param ended when the answer was done, or the client hung up
/// @param status of HTTP; 0 when there was none
/// @param retryAfter of the header, in seconds; -1 without
/// @param id of the completion
/// @param release that the header names
/// @param mixed whether a piece named another release
/// @param text as far as it was read
/// @param stamps when each piece of text came
/// @param counts tokens of each piece; 0 when their scores were not asked for
/// @param tokens drawn, as the stream's counts say; -1 when they did not come
/// @param end how it ended
/// @param failure one sentence when it broke off
public record Answer(
    String model,
    String question,
    long due,
    long ended,
    int status,
    int retryAfter,
    String id,
    String release,
    boolean mixed,
    String text,
    List<Long> stamps,
    List<Integer> counts,
    int tokens,
    End end,
    @Nullable String failure) {

  /// How it ended.
  public enum End {
    /// With `[DONE]`.
    DONE,
    /// The client hung up, as it meant to.
    HUNG_UP,
    /// The service refused it.
    REFUSED,
    /// In no way that it should.
    BROKEN
  }

  public Answer {
    stamps = List.copyOf(stamps);
    counts = List.copyOf(counts);
  }

  /// From one piece to the next.
  ///
  /// @param tokens of the next; 0 when their scores were not asked for. A piece of several, such as
  ///     the bytes of one character, comes with the last of them: when the others came is not seen
  public record Gap(long from, long to, int tokens) {
    public double seconds() {
      return (to - from) / 1e9;
    }
  }

  /// The gaps before all pieces but the first.
  public List<Gap> gaps() {
    List<Gap> gaps = new ArrayList<>();
    for (int i = 1; i < stamps.size(); i++) {
      gaps.add(new Gap(stamps.get(i - 1), stamps.get(i), counts.get(i)));
    }
    return gaps;
  }

  /// Seconds from when it was due to the first piece of text.
  public double firstSeconds() {
    return (stamps.getFirst() - due) / 1e9;
  }

  /// Seconds from when it was due to the end.
  public double totalSeconds() {
    return (ended - due) / 1e9;
  }
}
