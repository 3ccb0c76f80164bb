package dev.tidemill.inference.domain;

import java.util.List;

/// What one API key may do. What is 0 or empty is without a limit.
///
/// @param requestsPerMinute requests a minute, a minute's worth of them at once after a quiet time
/// @param tokensPerMinute tokens a minute, those of prompts and those drawn, likewise; a request
///   reserves its longest answer and gives back what it did not draw
/// @param tasks that may be asked for, each with all its releases
public record KeyQuota(long requestsPerMinute, long tokensPerMinute, List<String> tasks) {

  /// Without any limit.
  public static final KeyQuota NONE = new KeyQuota(0, 0, List.of());

  private static final long MOST = 1_000_000_000;

  public KeyQuota {
    tasks = tasks == null ? List.of() : List.copyOf(tasks);
    check("requests_per_minute", requestsPerMinute);
    check("tokens_per_minute", tokensPerMinute);
  }

  /// Whether a model name, a task or one of its releases, may be asked for.
  public boolean allows(String model) {
    if (tasks.isEmpty()) {
      return true;
    }
    int at = model.lastIndexOf("@sha256:");
    return tasks.contains(at < 0 ? model : model.substring(0, at));
  }

  private static void check(String name, long rate) {
    if (rate < 0 || rate > MOST) {
      throw new IllegalArgumentException(name + " must be between 0 and " + MOST + ", was " + rate);
    }
  }
}
