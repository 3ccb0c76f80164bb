package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.at;
import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static dev.tidemill.curator.Records.preference;
import static dev.tidemill.curator.Records.rating;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.JoinTimes;
import dev.tidemill.curator.domain.Limits;
import dev.tidemill.events.Completion;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Message;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RefusalTest {
  private static final List<Topic<?>> INPUTS =
      List.of(Topics.DOCUMENTS, Topics.DEMONSTRATIONS, Topics.COMPLETIONS, Topics.FEEDBACK);

  private final Bench bench =
      new Bench(
          Bench.NOTHING_HELD_OUT,
          Caps.DEFAULT,
          new Limits(10, 5_000, 100, 50, 20, 10_000),
          JoinTimes.DEFAULT);

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void bytes_that_are_no_record_are_given_back_from_every_topic() {
    for (Topic<?> topic : INPUTS) {
      bench.send(topic, new byte[] {(byte) 0xff, 1}, "{\"id\": 1}".getBytes(UTF_8));
      DeadLetter letter = bench.deadLetters().getFirst();
      assertThat(letter.getReason()).isEqualTo("malformed_record");
      assertThat(letter.getSource().getTopic()).isEqualTo(topic.name());
      assertThat(letter.getSource().getOffset()).isZero();
      assertThat(letter.getRecordKey()).isEqualTo(ByteBuffer.wrap(new byte[] {(byte) 0xff, 1}));
      assertThat(letter.getPayload()).isEqualTo(ByteBuffer.wrap("{\"id\": 1}".getBytes(UTF_8)));
      assertThat(letter.getService()).isEqualTo("curator");
    }
  }

  @Test
  void a_record_of_a_schema_that_nobody_knows_is_given_back_with_the_remedy() {
    byte[] newer = AvroCodec.of(Document.class).encode(document("d", "k", "long enough"));
    newer[2] ^= 1;
    bench.send(Topics.DOCUMENTS, "k".getBytes(UTF_8), newer);
    DeadLetter letter = bench.deadLetters().getFirst();
    assertThat(letter.getReason()).isEqualTo("unknown_schema");
    assertThat(letter.getDetail()).contains("fingerprint", "deploy consumers before producers");
    assertThat(letter.getPayload()).isEqualTo(ByteBuffer.wrap(newer));
  }

  @Test
  void times_centuries_away_are_refused_on_every_topic() {
    for (long wild : new long[] {Long.MIN_VALUE, -1, Long.MAX_VALUE, 7_258_118_400_000L}) {
      Instant time = Instant.ofEpochMilli(wild);
      bench.send(Document.newBuilder(document("d", "k", "long enough")).setEventTime(time).build());
      bench.send(Demonstration.newBuilder(demonstration("m", "q", "a")).setEventTime(time).build());
      bench.send(Completion.newBuilder(completion("c", "q", "a")).setEventTime(time).build());
      bench.send(at(rating("f", "c", "ann", 1), time));
      bench.settle();
      assertThat(bench.reasons()).hasSize(4).containsOnly("event_time_out_of_range");
    }
  }

  @Test
  void no_bytes_whatever_stop_the_stream() {
    Random random = new Random(7);
    byte[] valid = AvroCodec.of(Topics.DOCUMENTS.type()).encode(document("d", "k", "long enough"));
    int letters = 0;
    for (int i = 0; i < 500; i++) {
      byte[] bytes;
      if (i % 2 == 0) {
        bytes = new byte[random.nextInt(100)];
        random.nextBytes(bytes);
      } else {
        bytes = java.util.Arrays.copyOf(valid, random.nextInt(valid.length));
      }
      bench.send(INPUTS.get(i % INPUTS.size()), null, bytes);
      letters += bench.deadLetters().size();
    }
    assertThat(letters).isEqualTo(500);
    bench.send(Topics.FEEDBACK, null, (byte[]) null);
    assertThat(bench.reasons()).containsExactly("malformed_record");
  }

  @Test
  void a_letter_names_field_and_value() {
    bench.send(document("d1", "k", " \r\n\t"));
    bench.send(document("d2", "k", "short"));
    bench.send(document("d3", "k", "x".repeat(5_001)));
    bench.send(Topics.DOCUMENTS, "other", document("d4", "k", "long enough"));
    bench.send(document("d5", "k".repeat(21), "long enough"));
    bench.send(rating("f1", "c1", "ann", 1.5));
    bench.send(rating("f2", "c1", "ann", Double.NaN));
    bench.send(correction("f3", "c1", "ann", ""));
    bench.send(demonstration("x1", " ", "a"));
    bench.send(demonstration("x2", "q".repeat(101), "a"));
    bench.send(
        Demonstration.newBuilder(demonstration("x3", "q", "a"))
            .setPrompt(List.of(new Message("robot", "q")))
            .build());
    bench.send(
        Demonstration.newBuilder(demonstration("x4", "q", "a")).setPrompt(List.of()).build());
    assertThat(bench.deadLetters())
        .extracting(letter -> letter.getReason() + " " + letter.getField())
        .containsExactly(
            "blank_text text",
            "text_too_short text",
            "text_too_long text",
            "key_mismatch key",
            "invalid_name key",
            "rating_out_of_range evidence.value",
            "rating_out_of_range evidence.value",
            "blank_text evidence.text",
            "blank_text prompt",
            "text_too_long prompt",
            "invalid_prompt prompt",
            "invalid_prompt prompt");
    assertThat(
            bench.count(
                "tidemill.curator.dead.letters", "reason", "blank_text", "cause", "invalid"))
        .isEqualTo(3);
  }

  @Test
  void a_preference_between_equals_is_refused() {
    bench.send(completion("c1", "q", "same"));
    bench.send(preference("f1", "c1", "ann", "same", true));
    bench.settle();
    assertThat(bench.reasons()).containsExactly("equal_answers");
  }

  @Test
  void what_does_not_fit_into_a_record_is_refused_with_its_payload_cut() {
    // Three bytes a character, so the text passes and the bytes do not.
    bench.send(document("d1", "k", "€".repeat(4_000)));
    DeadLetter letter = bench.deadLetters().getFirst();
    assertThat(letter.getReason()).isEqualTo("record_too_large");
    assertThat(letter.getPayload().remaining()).isEqualTo(10_000);
    assertThat(letter.getDetail()).contains("payload cut from");
  }
}
