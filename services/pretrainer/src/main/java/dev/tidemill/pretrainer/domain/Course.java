package dev.tidemill.pretrainer.domain;

import dev.tidemill.model.train.LearningRateSchedule;
import java.util.Map;

/// How one window trains: how often each document comes, and the learning rate on the way.
///
/// @param epochs times that a document trains
/// @param sources times for documents whose source starts so; the longest fitting start counts
/// @param learningRate at its peak
/// @param floor learning rate at the end
/// @param warmUpSteps steps up to the peak, but never more than half of all
public record Course(
    int epochs, Map<String, Integer> sources, double learningRate, double floor, int warmUpSteps) {
  /// A fresh decoder.
  public static final Course INITIAL = new Course(8, Map.of(), 2e-3, 0, 20);

  /// New documents for a trained one: re-warmed to a lower peak, decayed again.
  public static final Course CONTINUED = new Course(3, Map.of(), 1e-3, 0, 20);

  public Course {
    sources = Map.copyOf(sources);
    if (epochs < 1 || sources.values().stream().anyMatch(times -> times < 1)) {
      throw new IllegalArgumentException(
          "epochs must be at least 1, also those of sources, but they are "
              + epochs
              + " and "
              + sources);
    }
    if (!(learningRate > 0) || !(floor >= 0) || floor > learningRate) {
      throw new IllegalArgumentException(
          "learning_rate must be above 0 and floor between 0 and it, but they are "
              + learningRate
              + " and "
              + floor);
    }
    if (warmUpSteps < 0) {
      throw new IllegalArgumentException(
          "warm_up_steps must not be negative, but is " + warmUpSteps);
    }
  }

  /// How often documents of a source train.
  public int epochsOf(String source) {
    int longest = -1;
    int times = epochs;
    for (Map.Entry<String, Integer> entry : sources.entrySet()) {
      if (source.startsWith(entry.getKey()) && entry.getKey().length() > longest) {
        longest = entry.getKey().length();
        times = entry.getValue();
      }
    }
    return times;
  }

  /// Up to the peak, then straight down.
  public LearningRateSchedule schedule(int steps) {
    int warmUp = Math.min(warmUpSteps, steps / 2);
    return LearningRateSchedule.linear(learningRate, floor, steps - (long) warmUp)
        .withWarmUp(warmUp);
  }
}
