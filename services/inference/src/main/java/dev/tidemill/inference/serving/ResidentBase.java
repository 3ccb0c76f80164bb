package dev.tidemill.inference.serving;

import dev.tidemill.model.BaseModel;
import java.time.Instant;

/// A base in memory, shared by every release that stands on it. Counted and closed by the keeper's
/// thread alone.
final class ResidentBase {
  private final String digest;
  private final BaseModel model;
  private final Instant createdAt;
  private int releases;

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
