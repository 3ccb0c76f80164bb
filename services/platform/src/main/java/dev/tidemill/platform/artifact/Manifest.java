package dev.tidemill.platform.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tidemill.platform.http.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What an artifact is and where it comes from. Its canonical JSON (keys sorted, UTF-8, no spaces)
/// is what is hashed, signed and stored.
///
/// @param formatVersion of this record; 1
/// @param name of the artifact, for people; the digest is its address
/// @param lineage the line of artifacts it continues
/// @param sequence its place in the lineage, from 0
/// @param task the task of an adapter; null for a base
/// @param base digest of the base an adapter belongs to; null for a base
/// @param parent digest of the artifact before it in its lineage; null for the first
/// @param windows the data it saw since its parent, by topic, partition and offset
/// @param examplesDigest SHA-256 over the ids of the examples it saw, as its publisher defines it
/// @param examples how many they were
/// @param config how it was trained
/// @param metrics what was measured of it
/// @param codeVersion of the program that made it
/// @param createdAt when, by the publisher's clock
/// @param files the files, sorted by path
public record Manifest(
    int formatVersion,
    String name,
    Kind kind,
    String lineage,
    long sequence,
    @Nullable String task,
    @Nullable String base,
    @Nullable String parent,
    List<OffsetWindow> windows,
    String examplesDigest,
    long examples,
    Map<String, Object> config,
    Map<String, Double> metrics,
    String codeVersion,
    Instant createdAt,
    List<File> files) {

  /// The only format there is yet.
  public static final int FORMAT_VERSION = 1;

  private static final JsonMapper CANONICAL =
      Json.mapper()
          .rebuild()
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  /// A full set of weights, or a delta on one.
  public enum Kind {
    BASE,
    ADAPTER
  }

  /// Offsets `fromOffset` to `toOffset` of a partition; the last one is not part of it.
  public record OffsetWindow(String topic, int partition, long fromOffset, long toOffset) {
    public OffsetWindow {
      if (fromOffset < 0 || toOffset < fromOffset) {
        throw new IllegalArgumentException(
            "window of " + topic + "-" + partition + " from " + fromOffset + " to " + toOffset);
      }
    }
  }

  /// A file of the artifact.
  ///
  /// @param path relative, with `/` between its parts
  /// @param sha256 64 hexadecimal digits
  public record File(String path, String sha256, long bytes) {
    public File {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(sha256, "sha256");
    }
  }

  public Manifest {
    if (formatVersion != FORMAT_VERSION) {
      throw new IllegalArgumentException("manifest format " + formatVersion + " is not known");
    }
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(lineage, "lineage");
    Objects.requireNonNull(examplesDigest, "examples_digest");
    Objects.requireNonNull(codeVersion, "code_version");
    Objects.requireNonNull(createdAt, "created_at");
    windows = List.copyOf(windows);
    config = new TreeMap<>(config);
    metrics = new TreeMap<>(metrics);
    files = files.stream().sorted(Comparator.comparing(File::path)).toList();
    metrics.forEach(
        (metric, value) -> {
          if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("metric " + metric + " is " + value);
          }
        });
    if (kind == Kind.ADAPTER && (base == null || task == null)) {
      throw new IllegalArgumentException("an adapter names its base and its task");
    }
    if (kind == Kind.BASE && base != null) {
      throw new IllegalArgumentException("a base has no base");
    }
  }

  /// The canonical JSON: what the digest and the signature are made over.
  public byte[] canonicalBytes() {
    try {
      return CANONICAL.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("manifest of " + name + " cannot be written as JSON", e);
    }
  }

  /// The digest of an artifact with this manifest.
  public String digest() {
    return "sha256:" + Digests.sha256(canonicalBytes());
  }

  /// Reads a manifest; the digest of an artifact is that of its bytes, not of what is read here.
  static Manifest parse(byte[] json) throws IOException {
    return CANONICAL.readValue(json, Manifest.class);
  }
}
