package dev.tidemill.acceptance;

import dev.tidemill.events.Release;
import dev.tidemill.events.ReleaseState;
import dev.tidemill.events.Transition;

/// What a release went through.
final class ReleaseHistory {
  private ReleaseHistory() {}

  /// Whether it was in these states, in this order.
  static boolean passed(Release release, ReleaseState... states) {
    int at = 0;
    for (Transition transition : release.getTransitions()) {
      at += at < states.length && transition.getState() == states[at] ? 1 : 0;
    }
    return at == states.length;
  }

  /// How it came into a state for the first time.
  static Transition into(Release release, ReleaseState state) {
    return release.getTransitions().stream()
        .filter(transition -> transition.getState() == state)
        .findFirst()
        .orElseThrow(() -> new AssertionError(release.getId() + " was never " + state));
  }
}
