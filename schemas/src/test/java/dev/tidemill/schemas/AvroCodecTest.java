package dev.tidemill.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Correction;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Rating;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AvroCodecTest {
  private final AvroCodec<Feedback> codec = AvroCodec.of(Feedback.class);

  @Test
  void aRecordComesBackAsItWas() throws Exception {
    Feedback feedback = feedback(new Correction("five — ✓"));
    assertThat(codec.decode(codec.encode(feedback))).isEqualTo(feedback);
  }

  @Test
  void singleObjectEncodingStartsWithItsMarker() {
    assertThat(codec.encode(feedback(new Rating(1.0, null)))).startsWith(0xC3, 0x01);
  }

  @Test
  void theRegistryWireFormatIsMagicByteAndId() throws Exception {
    AvroCodec<Feedback> framed = AvroCodec.of(Topics.FEEDBACK, new InMemoryRegistry());
    byte[] bytes = framed.encode(feedback(new Rating(0.5, "so so")));
    assertThat(bytes).startsWith(0, 0, 0, 0, 1);
    assertThat(framed.decode(bytes)).isEqualTo(feedback(new Rating(0.5, "so so")));
  }

  @Test
  void aCodecWithARegistryReadsSingleObjectEncodingToo() throws Exception {
    AvroCodec<Feedback> framed = AvroCodec.of(Topics.FEEDBACK, new InMemoryRegistry());
    Feedback feedback = feedback(new Rating(1.0, null));
    assertThat(framed.decode(codec.encode(feedback))).isEqualTo(feedback);
  }

  @Test
  void aRegistryFrameWithoutARegistryIsNamed() {
    assertThatThrownBy(() -> codec.decode(new byte[] {0, 0, 0, 0, 1, 2}))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining("no schema registry is configured");
  }

  @Test
  void anyOtherBytesAreMalformedAndNothingElse() {
    Random random = new Random(7);
    byte[] good = codec.encode(feedback(new Correction("a better answer")));
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = Arrays.copyOf(good, random.nextInt(good.length + 1));
      for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        assertThat(codec.decode(bytes)).isInstanceOf(Feedback.class);
      } catch (MalformedRecordException e) {
        assertThat(e).hasMessageContaining("record");
      }
    }
    assertThatThrownBy(() -> codec.decode("not avro".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(MalformedRecordException.class);
  }

  @Test
  void releaseIdsDependOnEveryPart() {
    String bare = ReleaseId.of("support", "sha256:aa", null);
    assertThat(bare).startsWith("support@sha256:").hasSize("support@sha256:".length() + 64);
    assertThat(bare)
        .isEqualTo(ReleaseId.of("support", "sha256:aa", null))
        .isNotEqualTo(ReleaseId.of("support", "sha256:aa", "sha256:bb"))
        .isNotEqualTo(ReleaseId.of("support", "sha256:ab", null));
  }

  private static Feedback feedback(Object evidence) {
    return new Feedback(
        "f-1", "c-1", "shop", "subject-1", evidence, Instant.ofEpochMilli(1_700_000_000_123L));
  }
}
