package dev.tidemill.ingest.domain;

import static dev.tidemill.ingest.domain.Readings.json;
import static dev.tidemill.ingest.domain.Readings.ndjson;
import static dev.tidemill.ingest.domain.Readings.rejected;
import static dev.tidemill.ingest.domain.Readings.whole;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyReaderTest {

  private static final String GOOD = "{\"subject\":\"u\"}";

  @Test
  void aListIsTakenInAsAWhole() {
    assertThat(whole(json(Kind.ERASURE, "[" + GOOD + "," + GOOD + "]")))
        .extracting(RawRecord::id)
        .containsExactly("id-0", "id-1");
  }

  @Test
  void oneFaultyRecordRejectsItsListAndIsNamedByItsPlace() {
    Rejection rejection = rejected(json(Kind.ERASURE, "[" + GOOD + ",{\"subject\":7}]"));

    assertThat(rejection.reason()).isEqualTo(Reason.WRONG_TYPE);
    assertThat(rejection.field()).isEqualTo("[1].subject");
  }

  @Test
  void aRepeatedIdIsRejected() {
    String record = "{\"id\":\"x\",\"subject\":\"u\"}";

    Rejection rejection = rejected(json(Kind.ERASURE, "[" + record + "," + record + "]"));

    assertThat(rejection.reason()).isEqualTo(Reason.REPEATED_ID);
    assertThat(rejection.field()).isEqualTo("[1].id");
  }

  @Test
  void linesStandForThemselvesAndKeepTheirNumbers() {
    String body = GOOD + "\r\n\n{\"subject\":7}\n{broken\n" + GOOD;

    Intake.Lines lines = (Intake.Lines) ndjson(Kind.ERASURE, body);

    assertThat(lines.lines()).extracting(Intake.Line::number).containsExactly(1, 3, 4, 5);
    assertThat(lines.lines())
        .extracting(line -> line.reading().getClass().getSimpleName())
        .containsExactly("Accepted", "Rejected", "Rejected", "Accepted");
    assertThat(lines.accepted()).extracting(RawRecord::id).containsExactly("id-0", "id-3");
  }

  @Test
  void moreRecordsThanTheLimitAreRejected() {
    String list = "[" + String.join(",", Collections.nCopies(101, GOOD)) + "]";
    String lines = String.join("\n", Collections.nCopies(101, GOOD));

    assertThat(rejected(json(Kind.ERASURE, list)).reason()).isEqualTo(Reason.TOO_MANY_RECORDS);
    assertThat(rejected(ndjson(Kind.ERASURE, lines)).reason()).isEqualTo(Reason.TOO_MANY_RECORDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "[]"})
  void nothingIsRejected(String body) {
    assertThat(rejected(json(Kind.ERASURE, body)).reason()).isEqualTo(Reason.EMPTY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"subject\":\"u\"} {}",
        "{\"subject\":\"u\",\"subject\":\"v\"}",
        "{'subject':'u'}",
        "{\"subject\":NaN}",
        "nope"
      })
  void whatIsNotJsonIsRejectedWithItsPlace(String body) {
    Rejection rejection = rejected(json(Kind.ERASURE, body));

    assertThat(rejection.reason()).isEqualTo(Reason.MALFORMED_JSON);
    assertThat(rejection.detail()).contains("line 1, column");
  }

  @Test
  void deepNestingAndBrokenUtf8AreRejected() {
    String deep = "{\"subject\":" + "[".repeat(100_000) + "}";
    assertThat(rejected(json(Kind.ERASURE, deep)).reason()).isEqualTo(Reason.MALFORMED_JSON);

    byte[] latin = "{\"subject\":\"ü\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(rejected(Readings.READER.json(Kind.ERASURE, latin, Readings.ARRIVAL)).detail())
        .contains("UTF-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "\"x\"", "null", "true", "[[]]"})
  void whatIsNoObjectIsRejected(String body) {
    Rejection rejection = rejected(json(Kind.ERASURE, body));

    assertThat(rejection.reason()).isEqualTo(Reason.WRONG_TYPE);
    assertThat(rejection.detail()).contains("must be an object");
  }
}
