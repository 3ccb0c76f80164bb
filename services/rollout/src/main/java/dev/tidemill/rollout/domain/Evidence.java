package dev.tidemill.rollout.domain;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The trials that run, one a task at most, and feedback that came before its completion. The
/// latter is kept in bounds: the one that waits longest goes first.
public final class Evidence {
  private final int mostParked;
  private final Map<String, Trial> trials = new HashMap<>();
  private final LinkedHashMap<String, List<FeedbackFact>> parked = new LinkedHashMap<>();
  private int parkedCount;
  private long dropped;

  public Evidence(int mostParked) {
    this.mostParked = mostParked;
  }

  /// Begins a trial in place of the task's former one.
  public void begin(Trial trial) {
    trials.put(trial.pair().task(), trial);
  }

  /// Forgets the trial of a task.
  public void end(String task) {
    trials.remove(task);
    if (trials.isEmpty()) {
      parked.clear();
      parkedCount = 0;
    }
  }

  public @Nullable Trial trial(String task) {
    return trials.get(task);
  }

  public Collection<Trial> trials() {
    return List.copyOf(trials.values());
  }

  public void take(CompletionFact completion) {
    @Nullable List<FeedbackFact> waiting = parked.remove(completion.id());
    if (waiting != null) {
      parkedCount -= waiting.size();
    }
    @Nullable Trial trial = trials.get(completion.task());
    if (trial != null) {
      trial.take(completion);
      if (waiting != null) {
        waiting.forEach(trial::take);
      }
    }
  }

  /// Without a trial nothing is kept: one that begins later reads the topics again from its start.
  public void take(FeedbackFact feedback) {
    if (trials.isEmpty()) {
      return;
    }
    for (Trial trial : trials.values()) {
      if (trial.knows(feedback.completion())) {
        trial.take(feedback);
        return;
      }
    }
    parked.computeIfAbsent(feedback.completion(), key -> new ArrayList<>()).add(feedback);
    parkedCount++;
    Iterator<List<FeedbackFact>> oldest = parked.values().iterator();
    while (parkedCount > mostParked && oldest.hasNext()) {
      int gone = oldest.next().size();
      parkedCount -= gone;
      dropped += gone;
      oldest.remove();
    }
  }

  /// Feedback that waits for its completion now.
  public int parked() {
    return parkedCount;
  }

  /// Feedback that was given up because too much waited.
  public long dropped() {
    return dropped;
  }
}
