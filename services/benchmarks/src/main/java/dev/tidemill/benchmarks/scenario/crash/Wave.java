package dev.tidemill.benchmarks.scenario.crash;

import java.util.List;

/// A piece of the script that hangs together. Waves know nothing of each other, so they may be sent
/// side by side.
///
/// @param steps in this order
/// @param afterthoughts are sent when all that the steps of all waves made has been written
record Wave(List<Step> steps, List<Step> afterthoughts) {

  Wave {
    steps = List.copyOf(steps);
    afterthoughts = List.copyOf(afterthoughts);
  }

  int events() {
    return count(steps) + count(afterthoughts);
  }

  static int count(List<Step> steps) {
    return steps.stream().mapToInt(step -> step.events().size()).sum();
  }
}
