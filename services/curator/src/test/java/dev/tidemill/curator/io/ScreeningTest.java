package dev.tidemill.curator.io;

import static dev.tidemill.curator.Records.completion;
import static dev.tidemill.curator.Records.correction;
import static dev.tidemill.curator.Records.demonstration;
import static dev.tidemill.curator.Records.document;
import static dev.tidemill.curator.Records.preference;
import static dev.tidemill.curator.Records.rating;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tidemill.curator.Bench;
import dev.tidemill.curator.Records;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.text.LanguageRules;
import dev.tidemill.curator.text.Licences;
import dev.tidemill.curator.text.Quality;
import dev.tidemill.curator.text.Sources;
import dev.tidemill.curator.text.pii.PiiRules;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Document;
import dev.tidemill.events.Example;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What screening refuses becomes a dead letter with the rule, the field and the value.
class ScreeningTest {

  @Test
  void a_document_of_poor_quality_names_rule_value_and_threshold() {
    try (Bench bench = bench(Quality.DEFAULT, LanguageRules.OFF, PiiRules.OFF)) {
      bench.send(document("d1", "k1", "Buy now, it is cheap."));
      DeadLetter letter = bench.deadLetters().getFirst();
      assertThat(letter.getReason()).isEqualTo("too_few_words");
      assertThat(letter.getField()).isEqualTo("text");
      assertThat(letter.getDetail())
          .isEqualTo("of text the number of words is 5, the least is 50: 'Buy now, it is cheap.'");
      assertThat(bench.documents()).isEmpty();
      assertThat(
              bench.count(
                  "tidemill.curator.dead.letters", "reason", "too_few_words", "cause", "screened"))
          .isEqualTo(1);
    }
  }

  @Test
  void source_and_licence_decide_who_may_come_in() {
    Licences licences = new Licences(List.of("Apache-2.0", "CC-BY-4.0"), true);
    Sources sources = new Sources(List.of("https://example.org/"), List.of("*/drafts/*"));
    try (Bench bench =
        Bench.screening(Quality.OFF, LanguageRules.OFF, PiiRules.OFF, sources, licences)) {
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

  @Test
  void a_document_in_another_language_is_refused_and_all_are_counted() {
    LanguageRules english = new LanguageRules(true, List.of("en"));
    try (Bench bench = bench(Quality.OFF, english, PiiRules.OFF)) {
      bench.send(document("d1", "k1", "The mill stands by the river and turns all day long."));
      bench.send(document("d2", "k2", "Die Mühle steht am Fluss und dreht sich den ganzen Tag."));
      bench.send(document("d3", "k3", "42"));
      assertThat(bench.documents())
          .extracting(written -> written.value().getId())
          .containsExactly("d1", "d3");
      assertThat(bench.deadLetters())
          .extracting(DeadLetter::getReason, DeadLetter::getDetail)
          .containsExactly(
              tuple(
                  "language_not_allowed",
                  "the language of text, de, is none of curator.language.allowed: en:"
                      + " 'Die Mühle steht am Fluss und dreht sich den ganzen Tag.'"));
      assertThat(bench.count("tidemill.curator.languages", "language", "de")).isEqualTo(1);
      assertThat(bench.count("tidemill.curator.languages", "language", "unknown")).isEqualTo(1);
    }
  }

  @Test
  void personal_data_reaches_no_training_topic() {
    String mail = "jane.doe@example.org";
    String key = "AKIAIOSFODNN7EXAMPLE";
    try (Bench bench = bench(Quality.OFF, LanguageRules.OFF, PiiRules.DEFAULT)) {
      bench.send(document("d1", "k1", "Write to " + mail + " with " + key + "."));
      bench.send(document("d2", "k1", "Write to john@example.org with " + key + "."));
      bench.send(demonstration("x1", "who is " + mail + "?", "someone at " + mail));
      bench.send(completion("c1", "mail of " + mail, "it is " + mail));
      bench.send(correction("f1", "c1", "ann", "ask " + mail));
      bench.send(rating("f2", "c1", "bob", 1));
      bench.send(preference("f3", "c1", "eve", "no, it is " + mail + "!", true));
      bench.settle();
      assertThat(bench.documents())
          .extracting(written -> written.value().getText())
          .containsExactly("Write to <EMAIL> with <SECRET>.");
      // With the placeholders in it the second is the same text.
      assertThat(bench.reasons()).containsExactly("duplicate");
      List<Example> examples = bench.examples();
      assertThat(examples)
          .extracting(ExampleMaker::kind)
          .containsExactlyInAnyOrder("sft", "sft", "preference", "preference", "binary");
      assertThat(examples)
          .allSatisfy(
              example ->
                  assertThat(example.getTraining().toString())
                      .contains("<EMAIL>")
                      .doesNotContain("@"));
      assertThat(bench.count("tidemill.curator.pii.replaced", "kind", "secret")).isEqualTo(2);
      assertThat(bench.count("tidemill.curator.pii.replaced", "kind", "email")).isGreaterThan(8);
      assertThat(bench.count("tidemill.curator.pii.replaced", "kind", "iban")).isZero();
    }
  }

  @Test
  void a_prompt_has_one_key_whoever_it_speaks_of() {
    try (Bench bench = bench(Quality.OFF, LanguageRules.OFF, PiiRules.DEFAULT)) {
      bench.send(demonstration("x1", "who is ann@example.org?", "one"));
      bench.send(demonstration("x2", "who is bob@example.com?", "two"));
      bench.send(completion("c1", "who is eve@example.net?", "three"));
      bench.send(correction("f1", "c1", "ann", "four"));
      bench.settle();
      assertThat(bench.examples())
          .extracting(Example::getKey)
          .hasSize(4)
          .containsOnly(ExampleMaker.key("support", Records.prompt("who is <EMAIL>?")));
    }
  }

  private static Bench bench(Quality quality, LanguageRules language, PiiRules pii) {
    return Bench.screening(quality, language, pii, Sources.ALL, Licences.ANY);
  }

  private static Document from(String id, String source, @Nullable String licence) {
    return Document.newBuilder(document(id, id, "text of " + id))
        .setSource(source)
        .setLicence(licence)
        .build();
  }
}
