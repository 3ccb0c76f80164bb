package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.document;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.text.Licences;
import dev.tidemill.curator.text.Quality;
import dev.tidemill.curator.text.Sources;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Document;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What screening refuses becomes a dead letter with the rule, the field and the value.
class ScreeningTest {

  @Test
  void a_document_of_poor_quality_names_rule_value_and_threshold() {
    try (Bench bench = Bench.screening(Quality.DEFAULT, Sources.ALL, Licences.ANY)) {
      bench.send(document("d1", "k1", "Buy now, it is cheap."));
      DeadLetter letter = bench.deadLetters().getFirst();
      assertThat(letter.getReason()).isEqualTo("too_few_words");
      assertThat(letter.getField()).isEqualTo("text");
      assertThat(letter.getDetail())
          .isEqualTo("of text the number of words is 5, the least is 50: 'Buy now, it is cheap.'");
      assertThat(bench.documents()).isEmpty();
      assertThat(bench.count("tidemill.curator.dead.letters", "reason", "too_few_words"))
          .isEqualTo(1);
    }
  }

  @Test
  void source_and_licence_decide_who_may_come_in() {
    Licences licences = new Licences(List.of("Apache-2.0", "CC-BY-4.0"), true);
    Sources sources = new Sources(List.of("https://example.org/"), List.of("*/drafts/*"));
    try (Bench bench = Bench.screening(Quality.OFF, sources, licences)) {
      bench.send(from("d1", "https://example.org/a", "apache-2.0"));
      bench.send(from("d2", "https://example.org/drafts/a", "Apache-2.0"));
      bench.send(from("d3", "https://elsewhere.org/a", "Apache-2.0"));
      bench.send(from("d4", "https://example.org/a", "GPL-3.0-only"));
      bench.send(from("d5", "https://example.org/a", null));
      assertThat(bench.documents())
          .extracting(written -> written.value().getId())
          .containsExactly("d1");
      assertThat(bench.deadLetters())
          .extracting(letter -> letter.getReason() + " " + letter.getField())
          .containsExactly(
              "source_not_allowed source",
              "source_not_allowed source",
              "licence_not_allowed licence",
              "licence_missing licence");
    }
  }

  private static Document from(String id, String source, @Nullable String licence) {
    return Document.newBuilder(document(id, id, "text of " + id))
        .setSource(source)
        .setLicence(licence)
        .build();
  }
}
