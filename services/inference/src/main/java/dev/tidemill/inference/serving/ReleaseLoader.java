package dev.tidemill.inference.serving;

import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.platform.artifact.ArtifactRefusedException;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.schemas.ReleaseId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Brings bases and adapters into memory after every check: digest and signature by the store, what
/// the manifest says against what the route says, shapes and finiteness by the model, and at last
/// one token decoded. Runs on the keeper's thread.
final class ReleaseLoader {
  private final ArtifactStore store;

  ReleaseLoader(ArtifactStore store) {
    this.store = store;
  }

  /// An adapter in memory, with the time its artifact was made.
  record LoadedAdapter(@Nullable Adapter adapter, Instant createdAt) {}

  /// A base in memory, with the time its artifact was made.
  record LoadedBase(BaseModel model, Instant createdAt) {}

  /// Refuses a target whose release id is not the one of its parts.
  static void checkId(String task, ReleaseTarget target) throws RefusedException {
    String expected = ReleaseId.of(task, target.getBase(), target.getAdapter());
    if (!expected.equals(target.getRelease())) {
      throw new RefusedException(
          Kind.MISMATCH,
          "release %s is refused: its task, base and adapter make %s"
              .formatted(ReleaseId.brief(target.getRelease()), ReleaseId.brief(expected)));
    }
  }

  LoadedBase base(String digest) throws RefusedException {
    VerifiedArtifact artifact = open(digest);
    requireKind(artifact, Manifest.Kind.BASE);
    try {
      return new LoadedBase(BaseModel.load(artifact.folder()), artifact.manifest().createdAt());
    } catch (ModelFormatException e) {
      throw new RefusedException(
          Kind.MODEL, "base " + ReleaseId.brief(digest) + " is refused: " + e.getMessage(), e);
    }
  }

  LoadedAdapter adapter(String digest, String baseDigest, BaseModel base) throws RefusedException {
    VerifiedArtifact artifact = open(digest);
    requireKind(artifact, Manifest.Kind.ADAPTER);
    @Nullable String standsOn = artifact.manifest().base();
    if (!baseDigest.equals(standsOn)) {
      throw new RefusedException(
          Kind.MISMATCH,
          "adapter %s is refused: it stands on base %s, and the route wants it on %s"
              .formatted(
                  ReleaseId.brief(digest),
                  standsOn == null ? "none" : ReleaseId.brief(standsOn),
                  ReleaseId.brief(baseDigest)));
    }
    try {
      return new LoadedAdapter(
          Adapter.load(artifact.folder(), base.config()), artifact.manifest().createdAt());
    } catch (ModelFormatException e) {
      throw new RefusedException(
          Kind.MODEL, "adapter " + ReleaseId.brief(digest) + " is refused: " + e.getMessage(), e);
    }
  }

  /// Decodes once off the serving thread: the pages are read in, and a model whose values overflow
  /// is found before anyone asks it.
  static void warm(String release, BaseModel base, @Nullable Adapter adapter)
      throws RefusedException {
    int first = Math.max(0, base.config().bosTokenId());
    try (Generator generator = new Generator(base);
        DecodeState state = generator.start(new int[] {first}, adapter)) {
      for (float logit : generator.logits(state)) {
        if (!Float.isFinite(logit)) {
          throw new RefusedException(
              Kind.MODEL,
              "release " + ReleaseId.brief(release) + " is refused: it gives a logit of " + logit);
        }
      }
    }
  }

  private VerifiedArtifact open(String digest) throws RefusedException {
    try {
      return store.open(digest);
    } catch (ArtifactRefusedException e) {
      throw new RefusedException(Kind.ARTIFACT, String.valueOf(e.getMessage()), e);
    } catch (Fault e) {
      throw new RefusedException(Kind.UNREADABLE, String.valueOf(e.getMessage()), e);
    }
  }

  private static void requireKind(VerifiedArtifact artifact, Manifest.Kind wanted)
      throws RefusedException {
    Manifest.Kind kind = artifact.manifest().kind();
    if (kind != wanted) {
      throw new RefusedException(
          Kind.MISMATCH,
          "artifact %s is refused: it is of kind %s, and the route wants %s"
              .formatted(ReleaseId.brief(artifact.digest()), kind, wanted));
    }
  }
}
