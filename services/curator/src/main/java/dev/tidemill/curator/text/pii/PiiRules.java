package dev.tidemill.curator.text.pii;

import java.util.List;
import java.util.Locale;

/// Which personal data is replaced before a text may train (section `curator.pii`).
///
/// @param enabled whether any is; true unless told
/// @param kinds of data that are replaced; all unless told
/// @param regions ISO 3166 codes of the countries whose national telephone numbers (without `+`)
///   are looked for; more find more, and more that is none. Unless told: US, GB, DE, FR, ES, IT, NL
public record PiiRules(Boolean enabled, List<PiiKind> kinds, List<String> regions) {
  /// Replaces all that is known.
  public static final PiiRules DEFAULT =
      new PiiRules(
          true, List.of(PiiKind.values()), List.of("US", "GB", "DE", "FR", "ES", "IT", "NL"));

  /// Replaces nothing.
  public static final PiiRules OFF = new PiiRules(false, DEFAULT.kinds, DEFAULT.regions);

  public PiiRules {
    enabled = enabled == null ? Boolean.TRUE : enabled;
    kinds = kinds == null ? DEFAULT.kinds : List.copyOf(kinds);
    regions =
        regions == null
            ? DEFAULT.regions
            : regions.stream().map(region -> region.toUpperCase(Locale.ROOT)).toList();
    for (String region : regions) {
      if (!PhoneDetector.knows(region)) {
        throw new IllegalArgumentException(
            "regions must be ISO 3166 codes such as US or DE, was " + region);
      }
    }
  }
}
