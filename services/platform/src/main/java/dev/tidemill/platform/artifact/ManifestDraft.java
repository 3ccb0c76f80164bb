package dev.tidemill.platform.artifact;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the publisher says of an artifact; the store adds the files. The fields are those of
/// [Manifest].
public record ManifestDraft(
    String name,
    Manifest.Kind kind,
    String lineage,
    long sequence,
    @Nullable String task,
    @Nullable String base,
    @Nullable String parent,
    List<Manifest.OffsetWindow> windows,
    String examplesDigest,
    long examples,
    Map<String, Object> config,
    Map<String, Double> metrics,
    String codeVersion,
    Instant createdAt) {

  Manifest with(List<Manifest.File> files) {
    return new Manifest(
        Manifest.FORMAT_VERSION,
        name,
        kind,
        lineage,
        sequence,
        task,
        base,
        parent,
        windows,
        examplesDigest,
        examples,
        config,
        metrics,
        codeVersion,
        createdAt,
        files);
  }
}
