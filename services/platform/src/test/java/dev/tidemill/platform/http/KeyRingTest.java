package dev.tidemill.platform.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.schemas.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyRingTest {

  @Test
  void knowsBothKeysOfAnOwnerAndNoOther() {
    KeyRing ring = new KeyRing(Map.of("crm", List.of(sha256("old"), sha256("new"))));
    assertThat(ring.owner("old")).isEqualTo("crm");
    assertThat(ring.owner("new")).isEqualTo("crm");
    assertThatThrownBy(() -> ring.owner(sha256("new")))
        .isInstanceOfSatisfying(
            Problem.class, problem -> assertThat(problem.status()).isEqualTo(401));
    assertThat(ring.isEmpty()).isFalse();
    assertThat(new KeyRing(Map.of()).isEmpty()).isTrue();
  }

  @Test
  void readsTheBearerOnly() {
    assertThat(KeyRing.bearer("bearer  a b ")).isEqualTo("a b");
    assertThat(KeyRing.bearer("Basic eDp5")).isNull();
    assertThat(KeyRing.bearer(null)).isNull();
  }

  @Test
  void settingsThatHoldNoDigestsAreRefused() {
    for (List<String> own : List.of(List.<String>of(), List.of("secret"), List.of("a", "b", "c"))) {
      assertThatThrownBy(() -> KeyRing.check(Map.of("crm", own)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("api_keys.crm");
    }
  }

  private static String sha256(String key) {
    return Sha256.hex(key.getBytes(StandardCharsets.UTF_8));
  }
}
