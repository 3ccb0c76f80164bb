package dev.tidemill.ingest.domain;

import java.util.Map;

/// Which producer has which quota (`ingest.quotas`). Each gateway counts for itself.
///
/// @param defaults the quota of each producer that has none of its own; none unless told
/// @param producers quotas by producer, each in place of the default
/// @param maxProducers producers known by their header alone that are counted apart; all further
///   ones share one count; 1,000
public record QuotaRules(Quota defaults, Map<String, Quota> producers, int maxProducers) {

  public QuotaRules {
    defaults = defaults == null ? Quota.NONE : defaults;
    producers = producers == null ? Map.of() : Map.copyOf(producers);
    maxProducers = maxProducers == 0 ? 1_000 : maxProducers;
    if (maxProducers < 0) {
      throw new IllegalArgumentException("max_producers must be positive, was " + maxProducers);
    }
  }

  /// No quotas at all.
  public static QuotaRules none() {
    return new QuotaRules(Quota.NONE, Map.of(), 0);
  }

  /// The quota of a producer.
  public Quota of(String producer) {
    return producers.getOrDefault(producer, defaults);
  }
}
