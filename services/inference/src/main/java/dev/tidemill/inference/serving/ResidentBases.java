package dev.tidemill.inference.serving;

import dev.tidemill.inference.serving.RefusedException.Kind;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.platform.artifact.VerifiedArtifact;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The bases in memory, each as long as something stands on it. The keeper's thread alone.
final class ResidentBases {
  private static final Logger log = LoggerFactory.getLogger(ResidentBases.class);
  private static final Duration DECODER_LIMIT = Duration.ofSeconds(60);

  private final Decoder decoder;
  private final Map<String, ResidentBase> bases = new HashMap<>();

  ResidentBases(Decoder decoder) {
    this.decoder = decoder;
  }

  Collection<ResidentBase> all() {
    return bases.values();
  }

  /// A base for one release more, when it is in memory. [#drop] takes the count back.
  @Nullable ResidentBase hold(String digest) {
    @Nullable ResidentBase base = bases.get(digest);
    if (base != null) {
      base.add();
    }
    return base;
  }

  /// A base that was brought into memory, for its first release.
  ///
  /// @param model made of its weights
  ResidentBase add(VerifiedArtifact weights, BaseModel model) {
    ResidentBase base = new ResidentBase(weights.digest(), model, weights.manifest().createdAt());
    base.add();
    bases.put(base.digest(), base);
    return base;
  }

  /// Gets the decoder ready for a base: it is given the generator that was made and tried here, so
  /// that its own thread does not stop to make one.
  ///
  /// @param adapter one that stands on it; null when there is none yet
  void prepare(ResidentBase base, @Nullable Adapter adapter)
      throws InterruptedException, RefusedException {
    if (base.prepared()) {
      return;
    }
    ReleaseLoader.warm(base.probe(), adapter);
    Generator ready = base.takeProbe();
    if (!await(decoder.prepare(ready))) {
      ready.close();
    }
    base.setPrepared();
  }

  /// A release does not stand on a base any more; with the last one the base is unloaded.
  void drop(ResidentBase base) {
    base.remove();
    if (base.releases() == 0) {
      unload(base);
    }
  }

  void close() {
    List.copyOf(bases.values()).forEach(this::unload);
  }

  private void unload(ResidentBase base) {
    if (!bases.remove(base.digest(), base)) {
      return;
    }
    BaseModel model = base.model();
    base.closeProbe();
    try {
      var _ = await(decoder.forget(model));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RefusedException e) {
      log.warn("base {} is closed while the decoder may hold it", base.digest(), e);
    }
    model.close();
    log.info("base {} is unloaded", base.digest());
  }

  private static <T> T await(CompletableFuture<T> done)
      throws InterruptedException, RefusedException {
    try {
      return done.get(DECODER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new RefusedException(
          Kind.UNREADABLE, "the decoding thread did not answer in time: " + e, e);
    }
  }
}
