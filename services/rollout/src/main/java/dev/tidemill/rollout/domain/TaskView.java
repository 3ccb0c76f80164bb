package dev.tidemill.rollout.domain;

import dev.tidemill.events.Release;
import dev.tidemill.events.Route;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is known of one task when it is decided on.
///
/// @param releases the releases of the task
/// @param route its route; null before the first release is live
/// @param refused releases that a replica will not serve unless they are changed, with the reason
/// @param trial the evidence on the canary of the route; null when there is none
public record TaskView(
    String task,
    List<Release> releases,
    @Nullable Route route,
    Map<String, String> refused,
    @Nullable Trial trial) {}
