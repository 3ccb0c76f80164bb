package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Reason;
import java.util.List;

/// One reason to weigh less.
///
/// @param damping its name on examples
/// @param reason its name on dead letters
/// @param weight what it leaves, from 0 to 1
record Factor(String damping, Reason reason, double weight) {

  /// What all of these leave.
  static double weight(List<Factor> factors) {
    return factors.stream().mapToDouble(Factor::weight).reduce(1, (a, b) -> a * b);
  }
}
