package dev.tidemill.model.train;

import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Function;

/// What answers are worth under the reference, for as long as the examples that hold them live:
/// every epoch after the first takes it from here.
final class ReferenceCache<K> {
  private final Map<K, float[]> known = new WeakHashMap<>();

  /// Log-probabilities of the first answer of each, then of the second of each.
  ///
  /// @param answers how many each has
  /// @param compute gives those of one
  float[] of(List<? extends K> asked, int answers, Function<K, float[]> compute) {
    float[] values = new float[answers * asked.size()];
    for (int i = 0; i < asked.size(); i++) {
      float[] each = known.computeIfAbsent(asked.get(i), compute);
      for (int j = 0; j < answers; j++) {
        values[j * asked.size() + i] = each[j];
      }
    }
    return values;
  }

  /// Forgets everything: the reference is another.
  void clear() {
    known.clear();
  }
}
