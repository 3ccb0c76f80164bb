package dev.tidemill.registry.domain;

import dev.tidemill.events.Release;
import dev.tidemill.events.Route;
import dev.tidemill.platform.provenance.Applied;

/// A fact that was recorded. Each event holds the whole new record, so that the topics are all that
/// a new instance needs.
public sealed interface RegistryEvent {
  /// A release is new or has made a transition. Topic tidemill.releases.
  record ReleaseChanged(Release release) implements RegistryEvent {}

  /// A route is new or has changed. Topic tidemill.routes.
  record RouteChanged(Route route) implements RegistryEvent {}

  /// An erasure was applied. It stands in tidemill.erasures.applied already; that it was taken into
  /// account is recorded by the consumer's position.
  record ErasureSeen(Applied erasure) implements RegistryEvent {}
}
