package dev.tidemill.ingest.io;

import dev.tidemill.ingest.domain.Kind;
import dev.tidemill.ingest.domain.Quota;
import dev.tidemill.ingest.domain.QuotaRules;
import dev.tidemill.platform.http.Allowance;
import dev.tidemill.platform.http.Problem;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Holds each producer to its quota of records and bytes, by token buckets.
///
/// A producer that we know by its API key or by the configuration has buckets of its own. Names
/// that only a header claims have them too, up to a number; those beyond it share one pair, so that
/// inventing names neither fills the memory nor gets around the quota.
public final class Quotas {

  /// What is counted, as the label `limit`.
  enum Limit {
    RECORDS,
    BYTES;

    String label() {
      return switch (this) {
        case RECORDS -> "records";
        case BYTES -> "bytes";
      };
    }
  }

  /// How sure we are who a producer is, as the label `producer`; of names there may be any number.
  enum Identity {
    /// Known by its API key or by the configuration.
    KNOWN,
    /// A name that a header claims, counted apart.
    CLAIMED,
    /// All names beyond those that are counted apart.
    OTHERS;

    String label() {
      return switch (this) {
        case KNOWN -> "known";
        case CLAIMED -> "claimed";
        case OTHERS -> "others";
      };
    }
  }

  private static final String THE_REST = "";

  private final QuotaRules rules;
  private final Set<String> known;
  private final IngestMetrics metrics;
  private final LongSupplier nanos;
  private final Map<String, Account> accounts = new HashMap<>();
  private int claimed;

  /// @param known producers that are known by their API keys
  /// @param nanos a clock that never goes back
  public Quotas(QuotaRules rules, Set<String> known, IngestMetrics metrics, LongSupplier nanos) {
    this.rules = rules;
    this.known = Set.copyOf(known);
    this.metrics = metrics;
    this.nanos = nanos;
  }

  /// Begins to count a request.
  Charge charge(Kind kind, String producer) {
    return new Charge(kind, producer, account(producer));
  }

  /// Producers that are counted apart.
  synchronized int size() {
    return accounts.size();
  }

  private synchronized Account account(String producer) {
    @Nullable Account account = accounts.get(producer);
    if (account != null) {
      return account;
    }
    boolean sure = known.contains(producer) || rules.producers().containsKey(producer);
    if (!sure && claimed >= rules.maxProducers()) {
      // A full account is as good as a new one.
      accounts.values().removeIf(old -> old.claimed() && old.full());
      claimed = (int) accounts.values().stream().filter(Account::claimed).count();
    }
    boolean apart = sure || claimed < rules.maxProducers();
    if (apart && !sure) {
      claimed++;
    }
    return apart
        ? accounts.computeIfAbsent(
            producer,
            name -> new Account(rules.of(name), sure ? Identity.KNOWN : Identity.CLAIMED, nanos))
        : accounts.computeIfAbsent(
            THE_REST, _ -> new Account(rules.defaults(), Identity.OTHERS, nanos));
  }

  /// What one request takes of its producer's quota.
  final class Charge {
    private final Kind kind;
    private final String producer;
    private final Account account;
    private long bytes;
    private long records;

    private Charge(Kind kind, String producer, Account account) {
      this.kind = kind;
      this.producer = producer;
      this.account = account;
    }

    /// @throws Problem 429 when the quota is used up for now, 413 when so much never fits in it
    void bytes(long count) {
      take(Limit.BYTES, account.bytes, count, account.quota.bytesPerSecond());
      bytes += count;
    }

    /// @throws Problem as [#bytes(long)]
    void records(long count) {
      take(Limit.RECORDS, account.records, count, account.quota.recordsPerSecond());
      records += count;
    }

    /// The request came to nothing, and will come again.
    void giveBack() {
      if (account.bytes != null && bytes > 0) {
        account.bytes.giveBack(bytes);
      }
      if (account.records != null && records > 0) {
        account.records.giveBack(records);
      }
      bytes = 0;
      records = 0;
    }

    private void take(Limit limit, @Nullable Allowance allowance, long count, long rate) {
      if (allowance == null || count == 0) {
        return;
      }
      long burst = allowance.burst();
      if (count > burst) {
        metrics.overQuota(kind, limit, account.identity);
        throw Problem.of(
            413,
            "batch-over-quota",
            "Batch over quota",
            "the request holds %d %s, and the quota of producer %s takes at most %d at once; send smaller batches"
                .formatted(count, limit.label(), producer, burst),
            null);
      }
      Optional<Duration> wait = allowance.take(count);
      if (wait.isPresent()) {
        metrics.overQuota(kind, limit, account.identity);
        long seconds = wait.get().toSeconds() + 1;
        throw Problem.tooManyRequests(
            "producer %s has used up its quota of %d %s a second; there is room for these %d in %d s"
                .formatted(producer, rate, limit.label(), count, seconds),
            Duration.ofSeconds(seconds));
      }
    }
  }

  private static final class Account {
    private final Identity identity;
    private final Quota quota;
    private final @Nullable Allowance records;
    private final @Nullable Allowance bytes;

    Account(Quota quota, Identity identity, LongSupplier nanos) {
      this.quota = quota;
      this.identity = identity;
      this.records = allowance(quota.recordsPerSecond(), quota.recordBurst(), nanos);
      this.bytes = allowance(quota.bytesPerSecond(), quota.byteBurst(), nanos);
    }

    boolean claimed() {
      return identity == Identity.CLAIMED;
    }

    boolean full() {
      return (records == null || records.full()) && (bytes == null || bytes.full());
    }

    private static @Nullable Allowance allowance(long rate, long burst, LongSupplier nanos) {
      return rate == 0 ? null : new Allowance(rate, Duration.ofSeconds(1), burst, nanos);
    }
  }
}
