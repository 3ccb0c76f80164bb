package dev.tidemill.platform.window;

import java.time.Duration;

/// When a window closes: at `maxRecords`, or once it holds `minRecords` and either its oldest
/// record has waited for `maxAge` or nothing came for `idle`. Only records that count
/// ([Belonging#COUNTS]) are looked at.
///
/// @param maxRecords at most as many in a window; 512 unless told
/// @param maxAge 60 s unless told
/// @param idle 5 s unless told
/// @param minRecords a window never closes below; 1 unless told
public record WindowPolicy(int maxRecords, Duration maxAge, Duration idle, int minRecords) {

  public WindowPolicy {
    maxRecords = maxRecords == 0 ? 512 : maxRecords;
    maxAge = maxAge == null ? Duration.ofSeconds(60) : maxAge;
    idle = idle == null ? Duration.ofSeconds(5) : idle;
    minRecords = minRecords == 0 ? 1 : minRecords;
    if (minRecords < 1 || maxRecords < minRecords) {
      throw new IllegalArgumentException(
          "min_records must be at least 1 and at most max_records, but they are "
              + minRecords
              + " and "
              + maxRecords);
    }
    if (maxAge.isNegative() || idle.isNegative()) {
      throw new IllegalArgumentException("max_age and idle must not be negative");
    }
  }

  /// Whether a window closes that holds `count` records that count.
  boolean closes(int count, Duration sinceOldest, Duration sinceNewest) {
    return count >= maxRecords
        || (count >= minRecords
            && (sinceOldest.compareTo(maxAge) >= 0 || sinceNewest.compareTo(idle) >= 0));
  }
}
