package dev.tidemill.inference.serving;

import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.Generator;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A base in memory, shared by every release that stands on it. Counted and closed by the keeper's
/// thread alone.
final class ResidentBase {
  private final String digest;
  private final BaseModel model;
  private final Instant createdAt;
  private int releases;
  private @Nullable Generator probe;
  private boolean prepared;

  ResidentBase(String digest, BaseModel model, Instant createdAt) {
    this.digest = digest;
    this.model = model;
    this.createdAt = createdAt;
  }

  String digest() {
    return digest;
  }

  BaseModel model() {
    return model;
  }

  /// When its artifact was made.
  Instant createdAt() {
    return createdAt;
  }

  /// Decodes with it on the keeper's thread, to try releases before they are served. It is kept:
  /// making one costs more than all else about an adapter.
  Generator probe() {
    if (probe == null) {
      probe = new Generator(model);
    }
    return probe;
  }

  /// The probe, which is no longer the keeper's.
  Generator takeProbe() {
    Generator taken = probe();
    probe = null;
    taken.letGo();
    return taken;
  }

  void closeProbe() {
    if (probe != null) {
      probe.close();
      probe = null;
    }
  }

  /// Whether the decoder decodes with it.
  boolean prepared() {
    return prepared;
  }

  void setPrepared() {
    prepared = true;
  }

  void add() {
    releases++;
  }

  void remove() {
    releases--;
  }

  /// Releases that stand on it, one that is being loaded included.
  int releases() {
    return releases;
  }
}
