package dev.tidemill.registry.domain;

import dev.tidemill.events.Candidate;
import dev.tidemill.events.Decision;
import dev.tidemill.platform.provenance.Applied;
import org.jspecify.annotations.Nullable;

/// What may ask the registry for a change.
public sealed interface RegistryInput {
  /// A trainer published a base or an adapter.
  record CandidatePublished(Candidate candidate) implements RegistryInput {}

  /// Rollout decided on a release.
  record DecisionTaken(Decision decision) implements RegistryInput {}

  /// The curator has carried out an erasure.
  record ErasureApplied(Applied erasure) implements RegistryInput {}

  /// An operator lets a release on to the canary that the gate did not let through.
  record Approve(String release, String operator, String reason) implements RegistryInput {}

  /// An operator takes a release out of the traffic of a task.
  ///
  /// @param release the live release or the canary; null means the live release
  record RollBack(String task, @Nullable String release, String operator, String reason)
      implements RegistryInput {}
}
