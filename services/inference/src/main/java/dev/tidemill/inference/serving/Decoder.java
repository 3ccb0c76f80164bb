package dev.tidemill.inference.serving;

import dev.tidemill.model.BaseModel;
import java.util.concurrent.CompletableFuture;

/// What the keeper asks of the thread that decodes.
public interface Decoder {

  /// Gets ready to decode with a base; completes when the first request would not wait for it.
  CompletableFuture<Void> prepare(BaseModel base);

  /// Lets go of a base that no sequence uses any more; completes when nothing of it is held.
  CompletableFuture<Void> forget(BaseModel base);
}
