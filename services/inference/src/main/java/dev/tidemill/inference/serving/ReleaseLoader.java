package dev.tidemill.inference.serving;

import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.platform.artifact.ArtifactRefusedException;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.artifact.Manifest;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.schemas.ReleaseId;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Brings bases and adapters into memory after every check: digest and signature by the store, what
/// the manifest says against what the release says, shapes and finiteness by the model, and at last
/// one token decoded. Runs on the keeper's thread.
final class ReleaseLoader {
  private final ArtifactStore store;
  private final WeightFormat format;

  /// @param format of the weights of bases in memory
  ReleaseLoader(ArtifactStore store, WeightFormat format) {
    this.store = store;
    this.format = format;
  }

  /// Artifacts of a release that were verified and are not in memory yet.
  ///
  /// @param base null when the base is in memory already
  /// @param adapter null when the release has none
  /// @param bytes that they take in memory
  record Verified(
      @Nullable VerifiedArtifact base, @Nullable VerifiedArtifact adapter, long bytes) {}

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

  /// Verifies all that is not in memory of a release, before any memory is taken for it.
  ///
  /// @param resident the configuration of its base when that is in memory; null otherwise
  Verified verify(ReleaseTarget target, @Nullable DecoderConfig resident) throws RefusedException {
    String digest = target.getBase();
    @Nullable VerifiedArtifact base = resident == null ? open(digest, Manifest.Kind.BASE) : null;
    @Nullable String adapterDigest = target.getAdapter();
    @Nullable VerifiedArtifact adapter =
        adapterDigest == null ? null : open(adapterDigest, Manifest.Kind.ADAPTER);
    if (adapter != null) {
      requireBase(adapter, digest);
    }
    long bytes = 0;
    @Nullable DecoderConfig config = resident;
    if (base != null) {
      config = sound("base", base, a -> BaseModel.configOf(a.folder()));
      bytes += sound("base", base, a -> BaseModel.bytesToServe(a.folder(), format));
    }
    if (adapter != null && config != null) {
      DecoderConfig standsOn = config;
      bytes += sound("adapter", adapter, a -> Adapter.bytesOf(a.folder(), standsOn));
    }
    return new Verified(base, adapter, bytes);
  }

  /// @param before run before each weight
  BaseModel base(VerifiedArtifact artifact, Runnable before) throws RefusedException {
    return sound("base", artifact, a -> BaseModel.loadToServe(a.folder(), format, before));
  }

  static Adapter adapter(VerifiedArtifact artifact, BaseModel base) throws RefusedException {
    return sound("adapter", artifact, a -> Adapter.load(a.folder(), base.config()));
  }

  /// What is made of an artifact, or its refusal when the model cannot be made of it.
  private static <T> T sound(
      String what, VerifiedArtifact artifact, Function<VerifiedArtifact, T> made)
      throws RefusedException {
    try {
      return made.apply(artifact);
    } catch (ModelFormatException e) {
      throw new RefusedException(
          Kind.MODEL,
          what + " " + ReleaseId.brief(artifact.digest()) + " is refused: " + e.getMessage(),
          e);
    }
  }

  /// Decodes once off the serving thread: the pages are read in, and a model whose values overflow
  /// is found before anyone asks it.
  static void tryOut(String release, Generator generator, @Nullable Adapter adapter)
      throws RefusedException {
    try (DecodeState state = generator.start(first(generator), adapter)) {
      for (float logit : generator.logits(state)) {
        if (!Float.isFinite(logit)) {
          throw new RefusedException(
              Kind.MODEL,
              "release " + ReleaseId.brief(release) + " is refused: it gives a logit of " + logit);
        }
      }
    }
  }

  /// Decodes with a new generator as the serving thread will, alone and in a batch: the program's
  /// methods are compiled when they are first called, and that is not to stop the others' tokens.
  static void warm(Generator generator, @Nullable Adapter adapter) {
    Sampler greedy = new Sampler(SamplingParameters.greedy(2), first(generator));
    try (DecodeState one = generator.start(first(generator), adapter);
        DecodeState other = generator.start(first(generator), adapter)) {
      generator.nextAll(List.of(one, other), List.of(greedy, greedy));
      if (!one.ended()) {
        generator.next(one, greedy);
      }
    }
  }

  private static int[] first(Generator generator) {
    return new int[] {Math.max(0, generator.base().config().bosTokenId())};
  }

  private VerifiedArtifact open(String digest, Manifest.Kind wanted) throws RefusedException {
    VerifiedArtifact artifact;
    try {
      artifact = store.open(digest);
    } catch (ArtifactRefusedException e) {
      throw new RefusedException(Kind.ARTIFACT, String.valueOf(e.getMessage()), e);
    } catch (Fault e) {
      throw new RefusedException(Kind.UNREADABLE, String.valueOf(e.getMessage()), e);
    }
    Manifest.Kind kind = artifact.manifest().kind();
    if (kind != wanted) {
      throw new RefusedException(
          Kind.MISMATCH,
          "artifact %s is refused: it is of kind %s, and the release wants %s"
              .formatted(ReleaseId.brief(digest), kind, wanted));
    }
    return artifact;
  }

  private static void requireBase(VerifiedArtifact adapter, String wanted) throws RefusedException {
    @Nullable String standsOn = adapter.manifest().base();
    if (!wanted.equals(standsOn)) {
      throw new RefusedException(
          Kind.MISMATCH,
          "adapter %s is refused: it stands on base %s, and the release wants it on %s"
              .formatted(
                  ReleaseId.brief(adapter.digest()),
                  standsOn == null ? "none" : ReleaseId.brief(standsOn),
                  ReleaseId.brief(wanted)));
    }
  }
}
