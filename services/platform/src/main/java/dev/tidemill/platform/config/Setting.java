package dev.tidemill.platform.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A value as it was written, with the place it stands at. The place goes into error messages.
sealed interface Setting {

  /// Where it stands, as `tidemill.yaml, line 3` or `environment variable TIDEMILL_...`.
  String place();

  /// A word, number or string; what type it has is decided by who reads it.
  record Scalar(String text, String place) implements Setting {}

  /// Written as null or as nothing: the same as left out.
  record Absent(String place) implements Setting {}

  record Sequence(List<Setting> items, String place) implements Setting {}

  /// Keys in the order of writing. The map is mutable while settings are put together.
  record Mapping(Map<String, Setting> entries, String place) implements Setting {

    static Mapping empty(String place) {
      return new Mapping(new LinkedHashMap<>(), place);
    }
  }
}
