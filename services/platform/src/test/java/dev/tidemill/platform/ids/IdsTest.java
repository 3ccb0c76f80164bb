package dev.tidemill.platform.ids;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdsTest {

  @Test
  void versionSevenHoldsTheTimeAndSortsByIt() {
    Instant at = Instant.parse("2026-01-02T03:04:05.678Z");
    String earlier = Ids.uuidV7(InstantSource.fixed(at), new Random(1)).next();
    String later = Ids.uuidV7(InstantSource.fixed(at.plusMillis(1)), new Random(2)).next();
    UUID uuid = UUID.fromString(earlier);
    assertThat(uuid.version()).isEqualTo(7);
    assertThat(uuid.variant()).isEqualTo(2);
    assertThat(uuid.getMostSignificantBits() >>> 16).isEqualTo(at.toEpochMilli());
    assertThat(earlier).isLessThan(later);
  }

  @Test
  void noIdComesTwice() {
    Ids ids = Ids.system();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      assertThat(seen.add(ids.next())).isTrue();
    }
  }

  @Test
  void countingIdsCount() {
    Ids ids = Ids.counting("c");
    assertThat(ids.next() + ids.next()).isEqualTo("c-1c-2");
  }
}
