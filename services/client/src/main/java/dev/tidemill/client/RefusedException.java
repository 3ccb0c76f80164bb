package dev.tidemill.client;

/// The gateway refuses the request: sending it again would not help. A wrong API key, a body over
/// the limit, an idempotency key that came with other records before.
public final class RefusedException extends TidemillException {

  private static final long serialVersionUID = 1;

  private final transient Problem problem;

  RefusedException(Problem problem) {
    super(problem.status() + " " + problem.title() + ": " + problem.detail(), null);
    this.problem = problem;
  }

  /// What the gateway says is wrong.
  public Problem problem() {
    return problem;
  }
}
