package dev.tidemill.ingest.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.ingest.io.IdempotencyCache.Lookup;
import org.junit.jupiter.api.Test;

class IdempotencyCacheTest {

  private final IdempotencyCache cache = new IdempotencyCache(2, 100);

  @Test
  void aKeyIsFreshThenUnderWayThenKnown() {
    Answer answer = answer(10);

    assertThat(cache.begin("k", "body")).isInstanceOf(Lookup.Fresh.class);
    assertThat(cache.begin("k", "body")).isInstanceOf(Lookup.UnderWay.class);
    assertThat(cache.begin("k", "other")).isInstanceOf(Lookup.OtherBody.class);
    cache.complete("k", answer);

    assertThat(cache.begin("k", "body")).isEqualTo(new Lookup.Known(answer));
    assertThat(cache.begin("k", "other")).isInstanceOf(Lookup.OtherBody.class);
  }

  @Test
  void aFailedRequestMayComeAgain() {
    cache.begin("k", "body");
    cache.forget("k");

    assertThat(cache.begin("k", "other")).isInstanceOf(Lookup.Fresh.class);
  }

  @Test
  void theLeastRecentlyAskedIsDroppedFirst() {
    done("a", 10);
    done("b", 10);
    cache.begin("a", "body");
    done("c", 10);

    assertThat(cache.size()).isEqualTo(2);
    assertThat(cache.begin("a", "body")).isInstanceOf(Lookup.Known.class);
    assertThat(cache.begin("b", "body")).isInstanceOf(Lookup.Fresh.class);
  }

  @Test
  void theBytesAreBounded() {
    done("a", 60);
    done("b", 60);
    assertThat(cache.size()).isEqualTo(1);
    done("huge", 1_000);
    assertThat(cache.size()).isZero();
    done("c", 60);
    assertThat(cache.size()).isEqualTo(1);
  }

  private void done(String key, int bytes) {
    assertThat(cache.begin(key, "body")).isInstanceOf(Lookup.Fresh.class);
    cache.complete(key, answer(bytes));
  }

  private static Answer answer(int bytes) {
    return new Answer(202, "application/json", new byte[bytes]);
  }
}
