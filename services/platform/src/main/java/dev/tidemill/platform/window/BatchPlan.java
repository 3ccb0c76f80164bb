package dev.tidemill.platform.window;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// The order in which a window's sequences train: shuffled by a seed, batched by length so that
/// little is padded, the repetitions of each spread evenly over the run. The same arguments give
/// the same plan.
public final class BatchPlan {

  private BatchPlan() {}

  /// Plans a run.
  ///
  /// @param lengths tokens of each sequence
  /// @param epochs how often each sequence trains
  /// @param maxTokens tokens of a batch, padding included; a longer sequence is a batch alone
  /// @param maxSequences sequences of a batch
  /// @return batches of indices into `lengths`
  public static List<List<Integer>> of(
      int[] lengths, int[] epochs, int maxTokens, int maxSequences, long seed) {
    Random random = new Random(seed);
    int rounds = 0;
    for (int e : epochs) {
      rounds = Math.max(rounds, e);
    }
    List<List<Integer>> byRound = new ArrayList<>();
    for (int r = 0; r < rounds; r++) {
      byRound.add(new ArrayList<>());
    }
    for (int i = 0; i < lengths.length; i++) {
      double phase = random.nextDouble();
      for (int e = 0; e < epochs[i]; e++) {
        byRound.get((int) ((e + phase) * rounds / epochs[i])).add(i);
      }
    }
    List<List<Integer>> batches = new ArrayList<>();
    for (List<Integer> round : byRound) {
      batches.addAll(batchesOf(round, lengths, maxTokens, maxSequences, random));
    }
    return batches;
  }

  private static List<List<Integer>> batchesOf(
      List<Integer> round, int[] lengths, int maxTokens, int maxSequences, Random random) {
    Collections.shuffle(round, random);
    round.sort(Comparator.comparingInt(i -> lengths[i]));
    List<List<Integer>> batches = new ArrayList<>();
    List<Integer> batch = new ArrayList<>();
    for (int i : round) {
      // Sorted by length: this one is the longest so far.
      boolean fits =
          batch.size() < maxSequences && (long) (batch.size() + 1) * lengths[i] <= maxTokens;
      if (!batch.isEmpty() && !fits) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(i);
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    Collections.shuffle(batches, random);
    return batches;
  }
}
