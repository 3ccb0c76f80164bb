package dev.tidemill.inference.io;

import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.domain.KeyQuota;
import dev.tidemill.inference.domain.KeyQuotas;
import dev.tidemill.inference.io.Answers.Caller;
import dev.tidemill.platform.http.Allowance;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Holds each API key to its requests and tokens a minute, and to its tasks. Callers without a key
/// are one.
final class KeyLimits {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final KeyQuotas quotas;
  private final LongSupplier nanos;
  private final Map<String, Account> accounts = new ConcurrentHashMap<>();

  /// @param nanos a clock that never goes back
  KeyLimits(KeyQuotas quotas, LongSupplier nanos) {
    this.quotas = quotas;
    this.nanos = nanos;
  }

  private record Account(@Nullable Allowance requests, @Nullable Allowance tokens) {}

  /// Counts a request, whatever comes of it.
  ///
  /// @throws Problem 429 when there were too many
  void request(Caller caller) {
    take(caller, account(caller).requests(), 1, "requests");
  }

  /// Reserves the tokens of a prompt and of the longest answers to it.
  ///
  /// @throws Problem 429 when they are used up for now, 400 when so many never fit
  void tokens(Caller caller, long count) {
    @Nullable Allowance tokens = account(caller).tokens();
    if (tokens != null && count > tokens.burst()) {
      throw ApiProblems.invalid(
          "max_tokens",
          "prompt and answers may take %d tokens, and %s has %d a minute; lower max_tokens"
              .formatted(count, name(caller), tokens.burst()));
    }
    take(caller, tokens, count, "tokens");
  }

  /// Tokens that were reserved and not used.
  void giveBack(Caller caller, long count) {
    @Nullable Allowance tokens = account(caller).tokens();
    if (tokens != null) {
      tokens.giveBack(count);
    }
  }

  /// Whether a caller may ask for a task or a release.
  boolean allows(Caller caller, String model) {
    return quotas.of(caller.producer()).allows(model);
  }

  /// @throws Problem 404 when a caller may not ask for this model, whether it is there or not
  void requireAllowed(Caller caller, String model) {
    if (!allows(caller, model)) {
      throw ApiProblems.modelNotFound(
          model, "it is not among the tasks that " + name(caller) + " may ask for");
    }
  }

  private static void take(Caller caller, @Nullable Allowance allowance, long count, String what) {
    if (allowance == null) {
      return;
    }
    Optional<Duration> wait = allowance.take(count);
    if (wait.isPresent()) {
      Duration after = Duration.ofSeconds(wait.get().toSeconds() + 1);
      throw Problem.rateLimited(
          "%s has used up its %d %s a minute; try again in %d s"
              .formatted(name(caller), allowance.burst(), what, after.toSeconds()),
          after);
    }
  }

  private Account account(Caller caller) {
    return accounts.computeIfAbsent(
        caller.producer(),
        name -> {
          KeyQuota quota = quotas.of(name);
          return new Account(
              allowance(quota.requestsPerMinute()), allowance(quota.tokensPerMinute()));
        });
  }

  private @Nullable Allowance allowance(long aMinute) {
    return aMinute == 0 ? null : new Allowance(aMinute, MINUTE, aMinute, nanos);
  }

  private static String name(Caller caller) {
    return caller.key() == null ? "this API" : "the API key " + caller.key();
  }
}
