package dev.tidemill.ingest;

import dev.tidemill.platform.config.Settings;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// Settings of a gateway as an operator writes them.
final class Configs {

  private Configs() {}

  /// @param keysAndValues keys below `ingest` and their values in YAML, by turns
  static IngestConfig of(String... keysAndValues) {
    Map<String, String> variables = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      variables.put(
          "TIDEMILL_INGEST__" + keysAndValues[i].replace(".", "__").toUpperCase(Locale.ROOT),
          keysAndValues[i + 1]);
    }
    return Settings.load(null, variables).section("ingest", IngestConfig.class);
  }
}
