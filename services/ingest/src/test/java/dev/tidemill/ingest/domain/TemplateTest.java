package dev.tidemill.ingest.domain;

import static dev.tidemill.ingest.domain.Readings.ARRIVAL;
import static dev.tidemill.ingest.domain.Readings.LIMITS;
import static dev.tidemill.ingest.domain.Readings.accepted;
import static dev.tidemill.ingest.domain.Readings.json;
import static dev.tidemill.ingest.domain.Readings.rejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.Demonstration;
import dev.tidemill.ingest.domain.Template.Phrasing;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Records and tables that become instructions.
class TemplateTest {

  private static final CsvReader TABLES = new CsvReader(new RecordReader(LIMITS));

  @Test
  void aRecordIsPutIntoAPhrasing() {
    Demonstration made =
        demonstration(
            "{\"text\":\"The {{label}} of $1\",\"labels\":\"good, bad\",\"label\":\"bad\"}");

    assertThat(made.getAnswer()).isEqualTo("bad");
    assertThat(made.getPrompt()).hasSize(1);
    assertThat(made.getPrompt().getFirst().getRole()).isEqualTo("user");
    assertThat(made.getPrompt().getFirst().getContent())
        .as("values are taken as they are")
        .contains("The {{label}} of $1")
        .contains("good, bad");
  }

  @Test
  void theSameRecordAlwaysTakesTheSamePhrasingAndManyTakeAll() {
    Set<String> shapes = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      String record = "{\"text\":\"number%d\",\"labels\":\"a\",\"label\":\"a\"}".formatted(i);
      String prompt = demonstration(record).getPrompt().getFirst().getContent();
      assertThat(demonstration(record).getPrompt().getFirst().getContent()).isEqualTo(prompt);
      shapes.add(prompt.replace("number" + i, ""));
    }
    assertThat(shapes).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          question-answering | {"question":"q?","answer":"a"} | a
          grounded-question-answering | {"context":"c","question":"q?","answer":7} | 7
          classification | {"text":"x","labels":"yes, no","label":"no"} | no
          summarisation | {"text":"x","summary":"s","other":null} | s
          extraction | {"text":"x","fields":"a, b","json":{"a":1,"b":[true]}} | {"a":1,"b":[true]}
          rewriting | {"text":"x","instruction":"Shorter.","rewritten":"r"} | r
          translation | {"text":"x","language":"German","translation":"ü"} | ü
          """)
  void everyBuiltInTemplateMakesAnInstruction(String template, String record, String answer) {
    RawRecord.OfDemonstration made =
        (RawRecord.OfDemonstration) accepted(Kind.DEMONSTRATION, body(template, record));

    assertThat(made.value().getAnswer()).isEqualTo(answer);
    assertThat(made.value().getPrompt().getFirst().getContent()).isNotBlank().doesNotContain("{{");
  }

  @Test
  void whatIsMissingIsSaidInOneSentence() {
    assertThat(detail("summarisation", "{\"text\":\"x\",\"sumary\":\"y\"}"))
        .isEqualTo(
            "template summarisation wants a column summary, which is missing; the record has text,"
                + " sumary");
    assertThat(detail("nope", "{}"))
        .startsWith("there is no template \"nope\"; known are classification, extraction,");
    assertThat(detail("classification", "{\"text\":\"x\",\"labels\":\"a, b\",\"label\":\"c\"}"))
        .isEqualTo("label \"c\" is none of the labels \"a, b\"");
  }

  @Test
  void anOwnTemplateStandsBesideTheBuiltInOrInTheirPlace() {
    Template ticket =
        new Template(
            List.of(new Phrasing("{{ subject line }}: {{body}}", "{{reply}}")),
            Map.of(),
            List.of());
    TemplateLibrary library =
        TemplateLibrary.with(Map.of("ticket", ticket, "summarisation", ticket));

    Map<String, String> record = Map.of("subject line", "S", "body", "B", "reply", "R");
    assertThat(library.fill("ticket", record))
        .isEqualTo(new TemplateLibrary.Filled.Instruction("S: B", "R"))
        .isEqualTo(library.fill("summarisation", record));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{a", "a}}", "{{}}", "{{ }}", "{{a{b}}", "{{#each}}", " "})
  void aTemplateThatCannotBeReadIsRefusedAtOnce(String prompt) {
    assertThatThrownBy(
            () -> new Template(List.of(new Phrasing(prompt, "{{b}}")), Map.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("prompt ");
  }

  @Test
  void eachRowOfATableHasItsResult() {
    String table =
        """
        text,summary
        "a, ""quoted""
        line",short

        only one cell
        long,
        "last",s
        """
            .replace("\n", "\r\n");

    Intake.Lines lines = (Intake.Lines) table("\uFEFF" + table, "summarisation");

    assertThat(lines.lines()).extracting(Intake.Line::number).containsExactly(2, 5, 6, 7);
    assertThat(lines.accepted()).hasSize(2);
    Demonstration first = ((RawRecord.OfDemonstration) lines.accepted().getFirst()).value();
    assertThat(first.getPrompt().getFirst().getContent()).contains("a, \"quoted\"\r\nline");
    assertThat(first.getTask()).isEqualTo("support");
    assertThat(first.getId()).isEqualTo("id-0");
    assertThat(fault(lines, 1).detail()).isEqualTo("the row has 1 cells, its header 2");
    assertThat(fault(lines, 2).field()).isEqualTo("record.summary");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          text,summary | EMPTY | no row
          text,text;a,b | MALFORMED_CSV | twice
          text,;a,b | MALFORMED_CSV | nothing
          text,summary;"a,b | MALFORMED_CSV | line 2 is not closed
          text,summary;"a"b,c | MALFORMED_CSV | after a quoted cell
          """)
  void aTableThatIsNoneIsRefused(String table, Reason reason, String detail) {
    Rejection rejection = rejected(table(table.replace(';', '\n'), "summarisation"));

    assertThat(rejection.reason()).isEqualTo(reason);
    assertThat(rejection.detail()).contains(detail);
  }

  private static Intake table(String table, String template) {
    return TABLES.read(table.getBytes(StandardCharsets.UTF_8), "support", template, ARRIVAL);
  }

  private static Rejection fault(Intake.Lines lines, int index) {
    return ((Reading.Rejected) lines.lines().get(index).reading()).rejection();
  }

  private static String detail(String template, String record) {
    return rejected(json(Kind.DEMONSTRATION, body(template, record))).detail();
  }

  private static Demonstration demonstration(String record) {
    return ((RawRecord.OfDemonstration)
            accepted(Kind.DEMONSTRATION, body("classification", record)))
        .value();
  }

  private static String body(String template, String record) {
    return "{\"task\":\"support\",\"template\":\"%s\",\"record\":%s}".formatted(template, record);
  }
}
