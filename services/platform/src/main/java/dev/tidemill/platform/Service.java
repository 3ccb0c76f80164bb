package dev.tidemill.platform;

/// A service: made from a [ServiceContext] and its own configuration record, started once, closed
/// once. Quickstart starts the very same objects as [ServiceMain].
public interface Service extends AutoCloseable {

  /// Starts what the service runs and returns; the work goes on in the service's own threads.
  void start() throws Exception;

  /// Stops in order: take no new work, finish or hand back what is under way, let go of resources.
  @Override
  void close();
}
