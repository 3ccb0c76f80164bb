package dev.tidemill.curator.holdout;

import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// Holds what may train against what is held out: first it is shown all of the holdout, then each
/// record that trains.
final class HoldoutScan {
  private final HoldoutSplit split;
  private final Set<String> exampleKeys = new HashSet<>();
  private final Set<String> documentKeys = new HashSet<>();
  private final Set<String> documentDigests = new HashSet<>();

  /// @param split the split as it is configured
  HoldoutScan(HoldoutSplit split) {
    this.split = split;
  }

  /// Takes note of a held-out item.
  void heldOut(Holdout holdout) {
    switch (holdout.getItem()) {
      case Example example -> exampleKeys.add(example.getKey());
      case CuratedDocument document -> {
        documentKeys.add(document.getKey());
        documentDigests.add(document.getDigest());
      }
      case Object other ->
          throw new IllegalStateException("the schema of Holdout knows no " + other);
    }
  }

  /// Why an example must not train; empty when it may.
  Optional<String> leak(Example example) {
    return leak(example.getKey(), exampleKeys);
  }

  /// Why a document must not train; empty when it may.
  Optional<String> leak(CuratedDocument document) {
    return leak(document.getKey(), documentKeys)
        .or(
            () ->
                documentDigests.contains(document.getDigest())
                    ? Optional.of(
                        "its text %s is that of a held-out document"
                            .formatted(document.getDigest()))
                    : Optional.empty());
  }

  private Optional<String> leak(String key, Set<String> heldOut) {
    if (split.holdsOut(key)) {
      return Optional.of("the split holds its key %s out".formatted(key));
    }
    return heldOut.contains(key)
        ? Optional.of("its key %s is in the holdout".formatted(key))
        : Optional.empty();
  }
}
