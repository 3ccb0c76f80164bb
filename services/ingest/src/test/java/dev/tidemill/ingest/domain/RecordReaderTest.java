package dev.tidemill.ingest.domain;

import static dev.tidemill.ingest.domain.Readings.NOW;
import static dev.tidemill.ingest.domain.Readings.accepted;
import static dev.tidemill.ingest.domain.Readings.json;
import static dev.tidemill.ingest.domain.Readings.rejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Correction;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordReaderTest {

  @Test
  void aDocumentKeepsAllItsFields() {
    RawRecord record =
        accepted(
            Kind.DOCUMENT,
            """
            {"id": "d1", "key": "linger.ms", "source": "docs", "licence": "Apache-2.0",
             "subject": "u1", "title": "Linger", "text": "linger.ms is 5 — 漢字 😀",
             "tags": {"version": "4.0"}, "event_time": "2026-05-01T14:00:00.123456+02:00"}\
            """);

    assertThat(record)
        .isEqualTo(
            new RawRecord.OfDocument(
                new Document(
                    "d1",
                    "linger.ms",
                    "crm",
                    "docs",
                    "Apache-2.0",
                    "u1",
                    "Linger",
                    "linger.ms is 5 — 漢字 😀",
                    Map.of("version", "4.0"),
                    Instant.parse("2026-05-01T12:00:00.123Z"))));
    assertThat(record.key()).isEqualTo("linger.ms");
  }

  @Test
  void whatMayBeLeftOutHasADefault() {
    RawRecord record =
        accepted(Kind.DOCUMENT, "{\"key\":\"k\",\"source\":\"s\",\"text\":\"t\",\"title\":null}");

    assertThat(record)
        .isEqualTo(
            new RawRecord.OfDocument(
                new Document("id-0", "k", "crm", "s", null, null, null, "t", Map.of(), NOW)));
  }

  @Test
  void aDemonstrationIsKeyedByItsId() {
    RawRecord record =
        accepted(
            Kind.DEMONSTRATION,
            """
            {"id": "m1", "task": "support", "answer": "5", "event_time": 1700000000000,
             "prompt": [{"role": "system", "content": "Be brief."},
                        {"role": "user", "content": "Default of linger.ms?"}]}\
            """);

    assertThat(record)
        .isEqualTo(
            new RawRecord.OfDemonstration(
                new Demonstration(
                    "m1",
                    "crm",
                    null,
                    "support",
                    List.of(
                        new Message("system", "Be brief."),
                        new Message("user", "Default of linger.ms?")),
                    "5",
                    Instant.ofEpochMilli(1_700_000_000_000L))));
    assertThat(record.key()).isEqualTo("m1");
  }

  @Test
  void aPlainPromptIsOneTurnOfTheUser() {
    RawRecord record =
        accepted(Kind.DEMONSTRATION, "{\"task\":\"t\",\"prompt\":\"Why?\",\"answer\":\"So.\"}");

    assertThat(((RawRecord.OfDemonstration) record).value().getPrompt())
        .containsExactly(new Message("user", "Why?"));
  }

  @Test
  void anErasureIsKeyedByItsSubject() {
    RawRecord record = accepted(Kind.ERASURE, "{\"subject\":\"u1\",\"reason\":\"GDPR 17\"}");

    assertThat(record)
        .isEqualTo(new RawRecord.OfErasure(new Erasure("id-0", "crm", "u1", "GDPR 17", NOW)));
    assertThat(record.key()).isEqualTo("u1");
  }

  @Test
  void feedbackCarriesOneEvidenceAndIsKeyedByItsCompletion() {
    assertThat(evidence("\"rating\":{\"value\":0.25,\"comment\":\"meh\"}"))
        .isEqualTo(new Rating(0.25, "meh"));
    assertThat(evidence("\"rating\":{\"value\":1}")).isEqualTo(new Rating(1.0, null));
    assertThat(evidence("\"correction\":{\"text\":\"better\"}"))
        .isEqualTo(new Correction("better"));
    assertThat(
            evidence(
                "\"preference\":{\"other_completion_id\":\"c2\",\"other_text\":\"o\","
                    + "\"other_is_better\":true}"))
        .isEqualTo(new Preference("c2", "o", true));
    assertThat(evidence("\"retraction\":{\"feedback_id\":\"f0\"}")).isEqualTo(new Retraction("f0"));
  }

  @Test
  void tensorZeroFeedbackBecomesARatingOrACorrection() {
    Feedback thumb =
        feedback(
            "{\"metric_name\":\"solved\",\"value\":true,\"inference_id\":\"c1\","
                + "\"tags\":{\"subject\":\"u7\",\"team\":\"a\"}}");

    assertThat(thumb.getCompletionId()).isEqualTo("c1");
    assertThat(thumb.getSubject()).isEqualTo("u7");
    assertThat(thumb.getEvidence()).isEqualTo(new Rating(1.0, "solved"));
    assertThat(
            feedback("{\"metric_name\":\"score\",\"value\":0.5,\"inference_id\":\"c1\"}")
                .getEvidence())
        .isEqualTo(new Rating(0.5, "score"));
    assertThat(
            feedback("{\"metric_name\":\"demonstration\",\"value\":\"ok\",\"inference_id\":\"c1\"}")
                .getEvidence())
        .isEqualTo(new Correction("ok"));
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          DOCUMENT | {"key":"k","source":"s"} | MISSING_FIELD | text
          DOCUMENT | {"key":"k","source":"s","text":7} | WRONG_TYPE | text
          DOCUMENT | {"key":"k","source":"s","text":null} | WRONG_TYPE | text
          DOCUMENT | {"key":"k","source":"s","text":" \\n "} | INVALID_FIELD | text
          DOCUMENT | {"key":"k","source":"s","text":"a\\ud800b"} | INVALID_FIELD | text
          DOCUMENT | {"key":"k\\u0000","source":"s","text":"t"} | INVALID_FIELD | key
          DOCUMENT | {"key":"k","source":"s","text":"t","tekst":"t"} | UNKNOWN_FIELD | tekst
          DOCUMENT | {"key":"k","source":"s","text":"t","producer":"x"} | UNKNOWN_FIELD | producer
          DOCUMENT | {"key":"k","source":"s","text":"t","tags":{"a":1}} | WRONG_TYPE | tags.a
          DOCUMENT | {"key":"k","source":"s","text":"t","tags":[]} | WRONG_TYPE | tags
          DOCUMENT | {"key":"k","source":"s","text":"t","id":""} | INVALID_FIELD | id
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":"yesterday"} | INVALID_FIELD | event_time
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":1.5} | INVALID_FIELD | event_time
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":-1} | INVALID_FIELD | event_time
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":[]} | WRONG_TYPE | event_time
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":"2026-06-01T12:05:01Z"} | FUTURE_EVENT_TIME | event_time
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":9223372036854775807} | FUTURE_EVENT_TIME | event_time
          DOCUMENT | {"key":"k","source":"s","text":"t","event_time":92233720368547758079} | INVALID_FIELD | event_time
          DEMONSTRATION | {"task":"t","prompt":[],"answer":"a"} | INVALID_FIELD | prompt
          DEMONSTRATION | {"task":"t","answer":"a"} | MISSING_FIELD | prompt
          DEMONSTRATION | {"task":"t","prompt":5,"answer":"a"} | WRONG_TYPE | prompt
          DEMONSTRATION | {"task":"t","prompt":["x"],"answer":"a"} | WRONG_TYPE | prompt[0]
          DEMONSTRATION | {"task":"t","prompt":[{"role":"robot","content":"x"}],"answer":"a"} | INVALID_FIELD | prompt[0].role
          DEMONSTRATION | {"task":"t","prompt":[{"role":"user"}],"answer":"a"} | MISSING_FIELD | prompt[0].content
          DEMONSTRATION | {"task":"t","prompt":[{"role":"assistant","content":"x"}],"answer":"a"} | INVALID_FIELD | prompt[0].role
          DEMONSTRATION | {"task":"t/u","prompt":"p","answer":"a"} | INVALID_FIELD | task
          DEMONSTRATION | {"task":"t","template":"nope","record":{"a":"b"}} | INVALID_FIELD | template
          DEMONSTRATION | {"task":"t","template":"summarisation"} | MISSING_FIELD | record
          DEMONSTRATION | {"task":"t","record":{"text":"x"}} | MISSING_FIELD | template
          DEMONSTRATION | {"task":"t","template":"summarisation","record":[]} | WRONG_TYPE | record
          DEMONSTRATION | {"task":"t","template":"summarisation","record":{"text":"x"}} | INVALID_FIELD | record.summary
          DEMONSTRATION | {"task":"t","template":"summarisation","record":{"text":" ","summary":"y"}} | INVALID_FIELD | record.text
          DEMONSTRATION | {"task":"t","template":"summarisation","record":{"text":"x","summary":"\\ud800"}} | INVALID_FIELD | record
          DEMONSTRATION | {"task":"t","template":"summarisation","record":{"text":"x","summary":"y"},"answer":"a"} | INVALID_FIELD | answer
          DEMONSTRATION | {"task":"t","template":"classification","record":{"text":"x","labels":"a,b","label":"c"}} | INVALID_FIELD | record.label
          DEMONSTRATION | {"task":"t","template":"extraction","record":{"text":"x","fields":"a","json":"{"}} | INVALID_FIELD | record.json
          FEEDBACK | {"completion_id":"c"} | MISSING_FIELD | rating
          FEEDBACK | {"completion_id":"c","rating":{"value":1.01}} | INVALID_FIELD | rating.value
          FEEDBACK | {"completion_id":"c","rating":{"value":-0.1}} | INVALID_FIELD | rating.value
          FEEDBACK | {"completion_id":"c","rating":{"value":1e999}} | INVALID_FIELD | rating.value
          FEEDBACK | {"completion_id":"c","rating":{"value":true}} | WRONG_TYPE | rating.value
          FEEDBACK | {"completion_id":"c","rating":{"value":1,"stars":5}} | UNKNOWN_FIELD | rating.stars
          FEEDBACK | {"completion_id":"c","rating":0.5} | WRONG_TYPE | rating
          FEEDBACK | {"completion_id":"c","rating":{"value":1},"correction":{"text":"x"}} | INVALID_FIELD | correction
          FEEDBACK | {"rating":{"value":1}} | MISSING_FIELD | completion_id
          FEEDBACK | {"completion_id":"c","preference":{"other_text":"o"}} | MISSING_FIELD | preference.other_is_better
          FEEDBACK | {"completion_id":"c","preference":{"other_text":"o","other_is_better":"yes"}} | WRONG_TYPE | preference.other_is_better
          FEEDBACK | {"metric_name":"m","value":7,"inference_id":"c"} | INVALID_FIELD | value
          FEEDBACK | {"metric_name":"comment","value":"x","inference_id":"c"} | INVALID_FIELD | metric_name
          FEEDBACK | {"metric_name":"m","value":true} | MISSING_FIELD | inference_id
          ERASURE | {} | MISSING_FIELD | subject
          ERASURE | {"subject":["u"]} | WRONG_TYPE | subject
          """)
  void aFaultNamesItsField(Kind kind, String body, Reason reason, String field) {
    Rejection rejection = rejected(json(kind, body));

    assertThat(rejection.reason()).as(rejection.detail()).isEqualTo(reason);
    assertThat(rejection.field()).isEqualTo(field);
    assertThat(rejection.detail()).isNotBlank();
  }

  @Test
  void aRecordThatIsTooLongIsRejectedByItsBytesNotItsCharacters() {
    String head = "{\"key\":\"k\",\"source\":\"s\",\"text\":\"";

    assertThat(accepted(Kind.DOCUMENT, head + "x".repeat(1_900) + "\"}").key()).isEqualTo("k");
    Rejection rejection = rejected(json(Kind.DOCUMENT, head + "漢".repeat(700) + "\"}"));
    assertThat(rejection.reason()).isEqualTo(Reason.RECORD_TOO_LARGE);
    assertThat(rejection.field()).isEqualTo("text");
  }

  private static Object evidence(String field) {
    RawRecord record = accepted(Kind.FEEDBACK, "{\"completion_id\":\"c1\"," + field + "}");
    assertThat(record.key()).isEqualTo("c1");
    return ((RawRecord.OfFeedback) record).value().getEvidence();
  }

  private static Feedback feedback(String body) {
    return ((RawRecord.OfFeedback) accepted(Kind.FEEDBACK, body)).value();
  }
}
