package dev.tidemill.inference.domain;

import java.util.Map;

/// Which API key may do what (`inference.quotas`). Each replica counts for itself.
///
/// @param defaults of each key that has none of its own, and, where no keys are configured, of all
///   callers together; without a limit unless told
/// @param keys by the name of the key, each in place of the default
public record KeyQuotas(KeyQuota defaults, Map<String, KeyQuota> keys) {

  /// No limits at all.
  public static final KeyQuotas NONE = new KeyQuotas(KeyQuota.NONE, Map.of());

  public KeyQuotas {
    defaults = defaults == null ? KeyQuota.NONE : defaults;
    keys = keys == null ? Map.of() : Map.copyOf(keys);
  }

  /// The quota of a caller.
  public KeyQuota of(String name) {
    return keys.getOrDefault(name, defaults);
  }
}
