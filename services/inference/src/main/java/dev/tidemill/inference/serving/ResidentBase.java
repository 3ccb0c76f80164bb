package dev.tidemill.inference.serving;

import dev.tidemill.model.BaseModel;

/// A base in memory, shared by every release that stands on it. Counted and closed by the keeper's
/// thread alone.
final class ResidentBase {
  private final String digest;
  private final BaseModel model;
  private int releases;

  ResidentBase(String digest, BaseModel model) {
    this.digest = digest;
    this.model = model;
  }

  String digest() {
    return digest;
  }

  BaseModel model() {
    return model;
  }

  void add() {
    releases++;
  }

  void remove() {
    releases--;
  }

  /// Releases that stand on it.
  int releases() {
    return releases;
  }
}
