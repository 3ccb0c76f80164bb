package dev.tidemill.platform.window;

import dev.tidemill.events.GateReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What came out of the training of a window.
///
/// @param artifact folder with the files to publish; removed afterwards
/// @param name of the artifact, for people
/// @param base digest of the base that an adapter stands on; null when the artifact is a base
/// @param task the task of an adapter; null for a base
/// @param tasks tasks that it is proposed to
/// @param parent digest of the artifact that training started from; null when from nothing
/// @param config how it was trained
/// @param metrics what was measured; finite
/// @param gate judgement before any traffic
public record TrainedWindow(
    Path artifact,
    String name,
    @Nullable String base,
    @Nullable String task,
    List<String> tasks,
    @Nullable String parent,
    Map<String, Object> config,
    Map<String, Double> metrics,
    GateReport gate) {

  public TrainedWindow {
    tasks = List.copyOf(tasks);
    config = Map.copyOf(config);
    metrics = Map.copyOf(metrics);
  }
}
