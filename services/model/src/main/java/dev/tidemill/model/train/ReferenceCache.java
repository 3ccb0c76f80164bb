package dev.tidemill.model.train;

import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Function;

/// What the answers of pairs are worth under the reference, for as long as the pairs live: every
/// epoch after the first takes it from here.
final class ReferenceCache {
  private final Map<PreferencePair, float[]> known = new WeakHashMap<>();

  /// Log-probabilities of the chosen answers, then of the rejected.
  ///
  /// @param compute gives those of one pair
  float[] of(List<PreferencePair> pairs, Function<PreferencePair, float[]> compute) {
    float[] values = new float[2 * pairs.size()];
    for (int i = 0; i < pairs.size(); i++) {
      float[] both = known.computeIfAbsent(pairs.get(i), compute);
      values[i] = both[0];
      values[pairs.size() + i] = both[1];
    }
    return values;
  }

  /// Forgets everything: the reference is another.
  void clear() {
    known.clear();
  }
}
