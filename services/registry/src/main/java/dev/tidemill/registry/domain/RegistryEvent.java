package dev.tidemill.registry.domain;

import dev.tidemill.events.Release;
import dev.tidemill.events.Route;

/// A fact that was recorded. Each event holds the whole new record, so that the compacted topics
/// are all that a new instance needs.
public sealed interface RegistryEvent {
  /// A release is new or has made a transition. Topic tidemill.releases.
  record ReleaseChanged(Release release) implements RegistryEvent {}

  /// A route is new or has changed. Topic tidemill.routes.
  record RouteChanged(Route route) implements RegistryEvent {}
}
