package dev.tidemill.curator.text;

import java.util.List;

/// Which licences documents may have (section `curator.licences`).
///
/// @param allowed SPDX ids, in any case; all are when it is empty, as it is unless told
/// @param require whether a document must name its licence; false unless told
public record Licences(List<String> allowed, boolean require) {
  /// Asks for no licence.
  public static final Licences ANY = new Licences(List.of(), false);

  public Licences {
    allowed = allowed == null ? List.of() : List.copyOf(allowed);
  }

  boolean allows(String licence) {
    return allowed.isEmpty() || allowed.stream().anyMatch(licence.strip()::equalsIgnoreCase);
  }
}
