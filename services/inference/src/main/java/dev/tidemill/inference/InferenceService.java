package dev.tidemill.inference;

import dev.tidemill.inference.io.Replica;
import dev.tidemill.inference.serving.Residency;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.ids.Ids;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/// Serves what the routes say, over OpenAI's API. See DESIGN.md beside this module's sources.
public final class InferenceService implements Service {
  private final ServiceContext context;
  private final InferenceConfig config;
  private final Ids ids;
  private @Nullable Replica replica;

  public InferenceService(ServiceContext context, InferenceConfig config) {
    this(context, config, Ids.system());
  }

  /// @param ids names completions
  public InferenceService(ServiceContext context, InferenceConfig config, Ids ids) {
    this.context = context;
    this.config = config;
    this.ids = ids;
  }

  @Override
  public synchronized void start() {
    if (replica != null) {
      throw new IllegalStateException("the inference service was started before");
    }
    replica = Replica.start(context, config, ids);
  }

  /// The port that the API listens on.
  public int port() {
    return started().uri().getPort();
  }

  /// Base URL of the API, for clients on this machine.
  public URI uri() {
    return started().uri();
  }

  /// What this replica holds now.
  public Residency residency() {
    return started().residency();
  }

  /// Admits nothing more, lets requests under way finish within the grace, writes their records,
  /// gives all memory back.
  @Override
  public synchronized void close() {
    @Nullable Replica running = replica;
    if (running != null) {
      running.close();
    }
  }

  private synchronized Replica started() {
    @Nullable Replica running = replica;
    if (running == null) {
      throw new IllegalStateException("the inference service is not started");
    }
    return running;
  }
}
