package dev.tidemill.ingest.domain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Feedback;
import dev.tidemill.ingest.fuzz.Mutations;
import dev.tidemill.schemas.AvroCodec;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Ten thousand bodies, most of them sound ones that were mutated: each is taken in, and then can
/// be written as Avro, or is rejected with a 4xx reason that says something.
class BodyFuzzTest {

  private static final int BODIES = 10_000;
  private static final List<Kind> KINDS = List.of(Kind.values());

  private static final Map<Kind, List<String>> SOUND =
      new EnumMap<>(
          Map.of(
              Kind.DOCUMENT,
              List.of(
                  "{\"key\":\"k\",\"source\":\"s\",\"text\":\"hällo 😀\",\"tags\":{\"a\":\"b\"}}",
                  "[{\"id\":\"1\",\"key\":\"k\",\"source\":\"s\",\"text\":\"t\",\"event_time\":5}]"),
              Kind.DEMONSTRATION,
              List.of(
                  "{\"task\":\"t\",\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}],"
                      + "\"answer\":\"a\",\"event_time\":\"2026-01-01T00:00:00Z\"}",
                  "{\"task\":\"t\",\"prompt\":\"q\",\"answer\":\"a\"}",
                  "{\"task\":\"t\",\"template\":\"classification\",\"record\":{\"text\":\"x\","
                      + "\"labels\":\"a, b\",\"label\":\"b\"}}"),
              Kind.FEEDBACK,
              List.of(
                  "{\"completion_id\":\"c\",\"rating\":{\"value\":0.5,\"comment\":\"x\"}}",
                  "{\"completion_id\":\"c\",\"preference\":{\"other_text\":\"o\","
                      + "\"other_is_better\":false}}",
                  "{\"metric_name\":\"m\",\"value\":true,\"inference_id\":\"c\"}"),
              Kind.ERASURE,
              List.of("{\"subject\":\"u\",\"reason\":\"r\"}", "[{\"subject\":\"u\"}]")));

  private static final AvroCodec<Document> DOCUMENTS = AvroCodec.of(Document.class);

  private static final AvroCodec<Demonstration> DEMONSTRATIONS = AvroCodec.of(Demonstration.class);

  private static final AvroCodec<Feedback> FEEDBACK = AvroCodec.of(Feedback.class);

  private static final AvroCodec<Erasure> ERASURES = AvroCodec.of(Erasure.class);

  @Test
  void everyBodyIsAcceptedOrRejectedWithAReason() {
    Random random = new Random(20_261_121);
    Mutations mutations = new Mutations(random);
    int accepted = 0;
    int rejected = 0;
    for (int i = 0; i < BODIES; i++) {
      Kind kind = KINDS.get(random.nextInt(KINDS.size()));
      byte[] body = body(kind, random, mutations);
      String shown = new String(body, StandardCharsets.UTF_8);
      Intake intake =
          random.nextBoolean()
              ? Readings.READER.json(kind, body, Readings.ARRIVAL)
              : Readings.READER.ndjson(kind, body, Readings.ARRIVAL);
      switch (intake) {
        case Intake.Whole(List<RawRecord> records) -> {
          accepted++;
          records.forEach(BodyFuzzTest::written);
        }
        case Intake.Refused(Rejection rejection) -> {
          rejected++;
          told(rejection, shown);
        }
        case Intake.Lines lines -> {
          lines.accepted().forEach(BodyFuzzTest::written);
          @Nullable Rejection first = firstRejection(lines);
          if (first == null) {
            accepted++;
          } else {
            rejected++;
            told(first, shown);
          }
        }
      }
    }
    assertThat(accepted).as("the mutations leave some bodies sound").isGreaterThan(BODIES / 50);
    assertThat(rejected).as("and break most").isGreaterThan(BODIES / 4);
  }

  private static @Nullable Rejection firstRejection(Intake.Lines lines) {
    for (Intake.Line line : lines.lines()) {
      if (line.reading() instanceof Reading.Rejected(Rejection rejection)) {
        return rejection;
      }
    }
    return null;
  }

  private static void told(Rejection rejection, String body) {
    assertThat(rejection.reason().status()).as(body).isBetween(400, 499);
    assertThat(rejection.detail()).as(body).isNotBlank();
    switch (rejection.reason()) {
      case MALFORMED_JSON, MALFORMED_CSV, EMPTY, TOO_MANY_RECORDS ->
          assertThat(rejection.field()).isNull();
      case WRONG_TYPE -> assertThat(rejection.detail()).as(body).contains("must be");
      case UNKNOWN_FIELD,
          MISSING_FIELD,
          INVALID_FIELD,
          FUTURE_EVENT_TIME,
          REPEATED_ID,
          RECORD_TOO_LARGE ->
          assertThat(rejection.field()).as(body).isNotNull();
    }
  }

  private static void written(RawRecord record) {
    byte[] bytes =
        switch (record) {
          case RawRecord.OfDocument(var value) -> DOCUMENTS.encode(value);
          case RawRecord.OfDemonstration(var value) -> DEMONSTRATIONS.encode(value);
          case RawRecord.OfFeedback(var value) -> FEEDBACK.encode(value);
          case RawRecord.OfErasure(var value) -> ERASURES.encode(value);
        };
    assertThat(bytes).hasSizeLessThan(Readings.LIMITS.maxRecordBytes() + 100);
    assertThat(record.key()).isNotBlank();
    assertThat(record.id()).isNotBlank();
  }

  private static byte[] body(Kind kind, Random random, Mutations mutations) {
    if (random.nextInt(20) == 0) {
      return mutations.noise(200);
    }
    List<String> sound = SOUND.getOrDefault(kind, List.of());
    String text = sound.get(random.nextInt(sound.size()));
    return mutations.mutated(text, 3).getBytes(StandardCharsets.UTF_8);
  }
}
