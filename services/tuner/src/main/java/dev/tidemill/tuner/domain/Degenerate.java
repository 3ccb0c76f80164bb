package dev.tidemill.tuner.domain;

import java.util.HashSet;
import java.util.Set;

/// Tells an answer that goes round in circles.
public final class Degenerate {

  private static final int SHORT = 32;
  private static final int GRAM = 6;
  private static final double LEAST_DISTINCT = 0.25;

  private Degenerate() {}

  /// Whether a text repeats itself so much that it says nothing: of its runs of six characters
  /// fewer than a quarter are distinct. Short texts never do.
  public static boolean repetition(String text) {
    int grams = text.length() - GRAM + 1;
    if (text.length() < SHORT) {
      return false;
    }
    Set<String> distinct = new HashSet<>();
    for (int i = 0; i < grams; i++) {
      distinct.add(text.substring(i, i + GRAM));
    }
    return distinct.size() < LEAST_DISTINCT * grams;
  }
}
