package dev.tidemill.platform.window;

import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.ManifestDraft;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.provenance.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Makes of a trained window what is published of it: the artifact in the store, and the candidate
/// that names it.
final class WindowCandidates<T extends SpecificRecord> {
  private final WindowTrainer<T> trainer;
  private final ArtifactStore artifacts;
  private final WindowLoop.Settings settings;

  WindowCandidates(
      WindowTrainer<T> trainer, ArtifactStore artifacts, WindowLoop.Settings settings) {
    this.trainer = trainer;
    this.artifacts = artifacts;
    this.settings = settings;
  }

  /// Where the artifact of a window would come from, were it published.
  Origin origin(Window<T> window, TrainedWindow trained) {
    @Nullable String base = trained.base();
    return new Origin(
        "",
        base == null ? "" : base,
        trained.parent(),
        window.lineage(),
        window.sequence(),
        window.ranges());
  }

  /// Puts the artifact into the store; its folder goes.
  Candidate publish(Window<T> window, TrainedWindow trained) {
    return candidate(window, trained, publishArtifact(window, trained));
  }

  /// The artifact is not to be published; its folder goes.
  void drop(TrainedWindow trained) {
    removeFolder(trained.artifact());
  }

  private String publishArtifact(Window<T> window, TrainedWindow trained) {
    String digest =
        artifacts.publish(
            trained.artifact(),
            new ManifestDraft(
                trained.name(),
                trained.base() == null ? Manifest.Kind.BASE : Manifest.Kind.ADAPTER,
                window.lineage(),
                window.sequence(),
                trained.task(),
                trained.base(),
                trained.parent(),
                window.manifestWindows(),
                Window.digestOf(window.records().stream().map(r -> trainer.id(r.value())).toList()),
                window.records().size(),
                trained.config(),
                trained.metrics(),
                settings.codeVersion(),
                settings.clock().instant()));
    removeFolder(trained.artifact());
    return digest;
  }

  private Candidate candidate(Window<T> window, TrainedWindow trained, String digest) {
    List<Instant> times =
        window.records().stream().map(r -> trainer.eventTime(r.value())).sorted().toList();
    @Nullable String base = trained.base();
    return Candidate.newBuilder()
        .setId(window.lineage() + "#" + window.sequence())
        .setKind(base == null ? ArtifactKind.BASE : ArtifactKind.ADAPTER)
        .setArtifact(digest)
        .setBase(base == null ? digest : base)
        .setTasks(trained.tasks())
        .setLineage(window.lineage())
        .setSequence(window.sequence())
        .setParent(trained.parent())
        .setWindows(window.ranges())
        .setExamples(window.records().size())
        .setOldestEventTime(times.isEmpty() ? null : times.getFirst())
        .setNewestEventTime(times.isEmpty() ? null : times.getLast())
        .setGate(trained.gate())
        .setTrainer(settings.trainer())
        .setCodeVersion(settings.codeVersion())
        .setEventTime(settings.clock().instant())
        .build();
  }

  private static void removeFolder(Path folder) {
    try {
      CheckpointStore.remove(folder);
    } catch (IOException e) {
      throw new RetriableFault(folder + " cannot be removed: " + e, e);
    }
  }
}
