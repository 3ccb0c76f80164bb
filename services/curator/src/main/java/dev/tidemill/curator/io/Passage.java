package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import java.util.Comparator;
import java.util.List;

/// Where evidence leaves the stage that reads by subject: with the weight that is left to it, or as
/// a dead letter when that is too little.
///
/// @param minimumWeight what would weigh less is refused
record Passage(Desk desk, CuratorMetrics metrics, double minimumWeight) {

  /// Passes the evidence on with the weight that is left; the answer is that weight.
  double pass(Evidence evidence, List<Factor> factors) {
    double weight = evidence.weight() * Factor.weight(factors);
    if (weight < minimumWeight) {
      Factor least = factors.stream().min(Comparator.comparingDouble(Factor::weight)).orElseThrow();
      metrics.damped(least.damping());
      metrics.lost(least.damping(), evidence.examples().size() * evidence.weight());
      desk.refuse(evidence.raw(), new Refusal(least.reason(), "subject", detail(evidence, least)));
      return 0;
    }
    desk.forward(evidence.key(), damp(evidence, factors));
    return weight;
  }

  /// The evidence with the weight that is left, each reason noted on it and in the metrics.
  Evidence damp(Evidence evidence, List<Factor> factors) {
    Evidence damped = evidence;
    for (Factor factor : factors) {
      if (factor.weight() < 1) {
        double lost = damped.weight() * (1 - factor.weight());
        metrics.damped(factor.damping());
        metrics.lost(factor.damping(), evidence.examples().size() * lost);
        damped = damped.damped(factor.weight(), factor.damping());
      }
    }
    return damped;
  }

  private String detail(Evidence evidence, Factor least) {
    String who =
        least.reason() == Reason.PRODUCER_CAP ? evidence.producer() : evidence.subjectKey();
    return "%s gave so much, or so little that others bear out, that this would weigh less than %s (%s)"
        .formatted(who, minimumWeight, least.damping());
  }
}
