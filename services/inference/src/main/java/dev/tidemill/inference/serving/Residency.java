package dev.tidemill.inference.serving;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/// What the replica really holds, for its record: an image that the keeper replaces.
///
/// @param epochs epoch of the route that is followed, by task
/// @param resident releases in memory, those included that only finish what they began
/// @param refused releases that are wanted and cannot be served
/// @param settled whether every route was dealt with once
public record Residency(
    Map<String, Long> epochs,
    List<ResidentRelease> resident,
    List<Refused> refused,
    boolean settled) {

  static final Residency NONE = new Residency(Map.of(), List.of(), List.of(), false);

  /// A release that is wanted and cannot be served.
  ///
  /// @param reason one sentence
  /// @param temporary whether it may be served later without anybody changing it
  public record Refused(String release, String reason, Instant at, boolean temporary) {}

  public Residency {
    epochs = Map.copyOf(epochs);
    resident = List.copyOf(resident);
    refused = List.copyOf(refused);
  }
}
