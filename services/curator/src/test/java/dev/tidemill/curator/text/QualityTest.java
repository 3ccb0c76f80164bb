package dev.tidemill.curator.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.text.QualityRule.Breach;
import dev.tidemill.curator.text.pii.PiiRules;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.Settings;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QualityTest {
  private static final String SENTENCE =
      "The river that we have crossed with the children is wide, and no boat goes to the island. ";
  private static final String PROSE = SENTENCE.repeat(4);

  @Test
  void prose_passes_with_the_published_thresholds() {
    assertThat(broken(Quality.DEFAULT, PROSE)).isEmpty();
  }

  @Test
  void what_is_measured() {
    TextStatistics text =
        TextStatistics.of(
            "- One (two) 3-4 #\n\n* five…\nOne  more.\nOne more.\n(He left!)",
            new StopWords(Map.of("xx", List.of("one", "more"))),
            9);
    // one two 3-4 five one more one more he left: lengths 3 3 3 4 3 4 3 4 2 4
    assertThat(text.words()).isEqualTo(10);
    assertThat(text.meanWordLength()).isEqualTo(3.3, within(1e-9));
    assertThat(text.alphabeticWords()).isEqualTo(0.9);
    assertThat(text.symbolRatio()).isEqualTo(0.1);
    assertThat(text.stopWords()).isEqualTo(Map.of("xx", 2));
    assertThat(text.newlineRatio()).isEqualTo(0.5);
    assertThat(text.lines()).isEqualTo(5);
    assertThat(text.bulletLines()).isEqualTo(0.4);
    assertThat(text.ellipsisLines()).isEqualTo(0.2);
    assertThat(text.punctuatedLines()).isEqualTo(0.8);
    assertThat(text.shortLines()).isEqualTo(0.4);
    assertThat(text.duplicateLines()).isEqualTo(0.2);
    assertThat(text.duplicateCharacters()).isEqualTo(9 / 53.0, within(1e-9));
  }

  @ParameterizedTest
  @EnumSource
  void each_rule_refuses_what_it_is_for_and_can_be_relaxed(QualityRule rule) {
    String text = offender(rule);
    assertThat(broken(Quality.DEFAULT, text)).extracting(Breach::rule).contains(rule);
    Breach breach =
        broken(Quality.DEFAULT, text).stream().filter(b -> b.rule() == rule).findFirst().get();
    assertThat(breach.detail()).contains(" is ").matches(".*, the (least|most) is [0-9.]+");
    assertThat(broken(relaxed(rule), text)).extracting(Breach::rule).doesNotContain(rule);
    assertThat(broken(Quality.OFF, text)).isEmpty();
  }

  @Test
  void a_breach_names_what_was_measured_and_the_threshold() {
    Breach breach = broken(Quality.DEFAULT, SENTENCE.repeat(2)).getFirst();
    assertThat(breach)
        .isEqualTo(
            new Breach(
                QualityRule.TOO_FEW_WORDS, 36, 50, "the number of words is 36, the least is 50"));
  }

  @Test
  void stop_words_are_those_of_the_language() {
    String german =
        "Der Fluss, den wir mit den Kindern überquerten, ist breit und nicht tief. ".repeat(5);
    Screening screening = screening(Quality.DEFAULT);
    assertThat(screening.quality(german, null)).isEmpty();
    assertThat(screening.quality(german, "de")).isEmpty();
    assertThat(screening.quality(german, "en"))
        .extracting(Breach::detail)
        .containsExactly("the number of different stop words of language en is 0, the least is 2");
    // Nobody listed Basque.
    assertThat(screening.quality(german, "eu")).isEmpty();
  }

  @Test
  void thresholds_are_settings_and_a_wrong_one_is_named() {
    Quality quality =
        Settings.load(
                null,
                Map.of(
                    "TIDEMILL_CURATOR__QUALITY__MIN_WORDS", "0",
                    "TIDEMILL_CURATOR__QUALITY__STOP_WORDS", "{eo: [la, kaj]}"))
            .section("curator", CuratorConfig.class)
            .text()
            .quality();
    assertThat(quality.enabled()).isTrue();
    assertThat(quality.minWords()).isZero();
    assertThat(quality.maxWords()).isEqualTo(100_000);
    assertThat(quality.stopWords()).isEqualTo(Map.of("eo", List.of("la", "kaj")));
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_CURATOR__QUALITY__MAX_SHORT_LINES", "2"))
                    .section("curator", CuratorConfig.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("curator.quality: max_short_lines must be from 0 to 1, was 2.0");
  }

  private static List<Breach> broken(Quality quality, String text) {
    return screening(quality).quality(text, null);
  }

  private static Screening screening(Quality quality) {
    return new Screening(
        quality,
        LanguageRules.OFF,
        PiiRules.OFF,
        Sources.ALL,
        Licences.ANY,
        Screening.Listener.NONE);
  }

  private static String offender(QualityRule rule) {
    return switch (rule) {
      case TOO_FEW_WORDS -> SENTENCE;
      case TOO_MANY_WORDS -> SENTENCE.repeat(6_000);
      case MEAN_WORD_LENGTH -> "a to be of it we ".repeat(20);
      case SYMBOL_RATIO -> PROSE + "#tag ".repeat(30);
      case BULLET_LINES -> lines(i -> "- " + SENTENCE + i + ".");
      case ELLIPSIS_LINES -> lines(i -> SENTENCE + i + " ...");
      case ALPHABETIC_WORDS -> PROSE + "1234 ".repeat(40);
      case STOP_WORDS -> "Gearbox fitting, torque wrench, hexagon bolts. ".repeat(20);
      case DUPLICATE_LINES, CHARACTER_DUPLICATES -> lines(i -> SENTENCE + i % 2 + ".");
      case LINE_PUNCTUATION -> lines(i -> "one of the entries of a list that goes on and on, " + i);
      case SHORT_LINES -> lines(i -> "Line " + i + ".");
      case NEWLINE_RATIO -> lines(i -> "Word " + i + ".");
    };
  }

  private static String lines(java.util.function.IntFunction<String> line) {
    return IntStream.range(0, 40).mapToObj(line).collect(Collectors.joining("\n"));
  }

  private static Quality relaxed(QualityRule rule) {
    Map.Entry<String, String> key =
        switch (rule) {
          case TOO_FEW_WORDS -> Map.entry("MIN_WORDS", "0");
          case TOO_MANY_WORDS -> Map.entry("MAX_WORDS", "1000000");
          case MEAN_WORD_LENGTH -> Map.entry("MIN_MEAN_WORD_LENGTH", "0");
          case SYMBOL_RATIO -> Map.entry("MAX_SYMBOL_RATIO", "10");
          case BULLET_LINES -> Map.entry("MAX_BULLET_LINES", "1");
          case ELLIPSIS_LINES -> Map.entry("MAX_ELLIPSIS_LINES", "1");
          case ALPHABETIC_WORDS -> Map.entry("MIN_ALPHABETIC_WORDS", "0");
          case STOP_WORDS -> Map.entry("MIN_STOP_WORDS", "0");
          case DUPLICATE_LINES -> Map.entry("MAX_DUPLICATE_LINES", "1");
          case CHARACTER_DUPLICATES -> Map.entry("MAX_DUPLICATE_CHARACTERS", "1");
          case LINE_PUNCTUATION -> Map.entry("MIN_PUNCTUATED_LINES", "0");
          case SHORT_LINES -> Map.entry("MAX_SHORT_LINES", "1");
          case NEWLINE_RATIO -> Map.entry("MAX_NEWLINE_RATIO", "10");
        };
    return Settings.load(null, Map.of("TIDEMILL_CURATOR__QUALITY__" + key.getKey(), key.getValue()))
        .section("curator", CuratorConfig.class)
        .text()
        .quality();
  }
}
