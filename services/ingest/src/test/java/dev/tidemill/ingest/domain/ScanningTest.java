package dev.tidemill.ingest.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The quick readers agree with the JDK's thorough ones.
class ScanningTest {

  private static final String TEXT = "plain ASCII, ü ß 漢字 😀 \uFFFF and more plain ASCII";

  @Test
  void utf8IsSoundWhereTheJdkDecodesIt() {
    Random random = new Random(11);
    int sound = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);
      for (int edits = random.nextInt(3); edits > 0; edits--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      int from = random.nextInt(bytes.length);
      int to = from + random.nextInt(bytes.length - from + 1);
      boolean expected = decodes(bytes, from, to);
      sound += expected ? 1 : 0;
      assertThat(Utf8.sound(bytes, from, to)).isEqualTo(expected);
    }
    assertThat(sound).isBetween(20_000, 180_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123Z",
        "2026-02-30T12:00:00Z",
        "2024-02-29T23:59:59Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00.123456+02:00",
        "2026-01-31T12:00:00z",
        "２026-01-31T12:00:00Z",
        "0000-01-01T00:00:00Z",
        ""
      })
  void timesAreReadAsTheJdkReadsThem(String text) {
    assertThat(Times.parse(text)).isEqualTo(jdk(text));
  }

  private static @Nullable Instant jdk(String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static boolean decodes(byte[] bytes, int from, int to) {
    try {
      var _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
