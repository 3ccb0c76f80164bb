package dev.tidemill.quickstart.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReferenceTextTest {
  private static final KafkaReference OLD = KafkaReference.archived();

  @Test
  void theCanonicalQuestionComesFirst() {
    Setting linger = setting(Component.PRODUCER, "linger.ms");
    assertThat(ReferenceText.question(linger))
        .isEqualTo("what is the default of linger.ms for the producer?")
        .isEqualTo(ReferenceText.questions(linger).getFirst());
    assertThat(ReferenceText.questions(linger)).hasSizeGreaterThanOrEqualTo(3);
    assertThat(ReferenceText.answer(linger)).isEqualTo("0");
  }

  @Test
  void everyQuestionIsAskedOnce() {
    List<ReferenceDocument> faq = ReferenceText.faq(OLD, (q, a) -> q + "\n" + a);
    assertThat(faq).extracting(ReferenceDocument::key).doesNotHaveDuplicates();
    assertThat(faq)
        .hasSize(
            OLD.withDefault().size()
                * ReferenceText.questions(OLD.withDefault().getFirst()).size());
    assertThat(faq)
        .contains(
            new ReferenceDocument(
                "what is the default of linger.ms for the producer?",
                "what is the default of linger.ms for the producer?\n0"));
  }

  @Test
  void aSharedSettingIsOneDocumentThatNamesItsClients() {
    List<ReferenceDocument> prose = ReferenceText.prose(OLD);
    assertThat(prose).extracting(ReferenceDocument::key).doesNotHaveDuplicates();
    assertThat(prose)
        .filteredOn(
            d -> d.key().equals("kafka-reference/metrics.sample.window.ms/admin+consumer+producer"))
        .singleElement()
        .extracting(ReferenceDocument::text)
        .isEqualTo(
            "metrics.sample.window.ms is a setting of the admin client, the consumer and the"
                + " producer in Kafka 3.9. Type: long. Importance: low. Default: 30000. The window"
                + " of time a metrics sample is computed over.");
  }

  @Test
  void aSettingThatClientsDisagreeOnIsADocumentEach() {
    assertThat(ReferenceText.prose(OLD))
        .filteredOn(d -> d.text().startsWith("receive.buffer.bytes "))
        .hasSizeGreaterThan(1)
        .extracting(ReferenceDocument::text)
        .anySatisfy(text -> assertThat(text).contains("Default: 65536."))
        .anySatisfy(text -> assertThat(text).contains("Default: 32768."));
  }

  @Test
  void everySettingWithADefaultIsInTheProse() {
    List<ReferenceDocument> prose = ReferenceText.prose(OLD);
    assertThat(OLD.withDefault())
        .allSatisfy(
            s ->
                assertThat(prose)
                    .anySatisfy(
                        d ->
                            assertThat(d.text())
                                .startsWith(s.name() + " is a setting of ")
                                .contains(s.component().phrase())
                                .contains("Default: " + ReferenceText.answer(s) + ".")));
  }

  @Test
  void renderingTwiceGivesTheSame() {
    KafkaReference again = KafkaReference.archived();
    assertThat(ReferenceText.prose(again)).isEqualTo(ReferenceText.prose(OLD));
    assertThat(ReferenceText.faq(again, String::concat))
        .isEqualTo(ReferenceText.faq(OLD, String::concat));
  }

  @Test
  void aSettingWithoutADefaultHasNoAnswer() {
    Setting required =
        OLD.settings().stream().filter(s -> s.defaultValue() == null).findFirst().orElseThrow();
    assertThatThrownBy(() -> ReferenceText.answer(required))
        .isInstanceOf(NullPointerException.class)
        .hasMessageContaining(required.name());
  }

  @Test
  void markupBecomesWords() {
    assertThat(
            PlainText.of("a <code>b.c</code>, d&mdash;e &lt; &#39;f&#39;\n <ul><li>g</li></ul>."))
        .isEqualTo("a b.c, d\u2014e < 'f' g.");
  }

  private static Setting setting(Component component, String name) {
    return OLD.withDefault().stream()
        .filter(s -> s.id().equals(new Setting.Id(component, name)))
        .findFirst()
        .orElseThrow();
  }
}
