package dev.tidemill.inference.serving;

import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.Generator;
import java.util.concurrent.CompletableFuture;

/// What the keeper asks of the thread that decodes.
public interface Decoder {

  /// Takes over a generator for a base that it does not decode with yet, let go by its maker;
  /// completes when the first request would not wait for it, with whether it was taken.
  CompletableFuture<Boolean> prepare(Generator generator);

  /// Lets go of a base that no sequence uses any more; completes when nothing of it is held.
  CompletableFuture<Void> forget(BaseModel base);
}
