package dev.tidemill.curator.text.pii;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.Settings;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PiiTest {
  private static final int EACH = 1_500;
  private static final Pii ALL = new Pii(PiiRules.DEFAULT);

  /// Of a labelled set: spans found exactly, found wrongly, and not found.
  private static final class Tally {
    private int right;
    private int wrong;
    private int missed;
    private final List<String> faults = new ArrayList<>();

    double recall() {
      return (double) right / (right + missed);
    }

    double precision() {
      return (double) right / (right + wrong);
    }

    @Override
    public String toString() {
      return "recall %.4f precision %.4f (%d right, %d wrong, %d missed) %s"
          .formatted(recall(), precision(), right, wrong, missed, faults);
    }
  }

  @Test
  void recall_and_precision_on_a_labelled_set() {
    Map<PiiKind, Tally> tallies = new EnumMap<>(PiiKind.class);
    for (PiiKind kind : PiiKind.values()) {
      tallies.put(kind, new Tally());
    }
    for (Sample sample : samples(20_261_121)) {
      List<Span> found = ALL.find(sample.text());
      Set<Span> expected = new HashSet<>(sample.labels());
      for (Span span : found) {
        Tally tally = tally(tallies, span);
        if (expected.remove(span)) {
          tally.right++;
        } else {
          tally.wrong++;
          fault(tally, "wrong", span, sample);
        }
      }
      for (Span span : expected) {
        Tally tally = tally(tallies, span);
        tally.missed++;
        fault(tally, "missed", span, sample);
      }
    }
    tallies.forEach((kind, tally) -> System.out.println(kind + " " + tally));
    assertThat(tallies)
        .allSatisfy(
            (kind, tally) -> {
              assertThat(tally.right + tally.missed).isGreaterThanOrEqualTo(EACH);
              assertThat(tally.recall()).as("recall of %s: %s", kind, tally).isGreaterThan(0.97);
              assertThat(tally.precision())
                  .as("precision of %s: %s", kind, tally)
                  .isGreaterThan(0.95);
            });
  }

  @Test
  void replacing_twice_changes_nothing_and_leaves_nothing() {
    for (Sample sample : samples(7).subList(0, 2_000)) {
      String once = ALL.replace(sample.text()).text();
      assertThat(ALL.replace(once).text()).isEqualTo(once);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Mail jane@example.org now | Mail <EMAIL> now",
        "Dial +44 (0)20 7946 0958. | Dial <PHONE>.",
        "IBAN DE89 3704 0044 0532 0130 00, thanks | IBAN <IBAN>, thanks",
        "IBAN DE89 3704 0044 0532 0130 01, thanks | IBAN DE89 3704 0044 0532 0130 01, thanks",
        "Card 4111 1111 1111 1111 | Card <CARD>",
        "Card 4111 1111 1111 1112 | Card 4111 1111 1111 1112",
        "From 203.0.113.7:443 | From <IP>:443",
        "key AKIAIOSFODNN7EXAMPLE. | key <SECRET>.",
        "at https://bob:hunter2x@example.org/ | at https://<SECRET>@example.org/",
        "3.9.0, 2024-01-15, offset 1234567890 | 3.9.0, 2024-01-15, offset 1234567890",
      })
  void placeholders_take_the_places(String text, String replaced) {
    assertThat(ALL.replace(text).text()).isEqualTo(replaced);
  }

  @Test
  void only_the_kinds_asked_for_are_replaced() {
    CuratorConfig config =
        Settings.load(null, Map.of("TIDEMILL_CURATOR__PII__KINDS", "email,ip"))
            .section("curator", CuratorConfig.class);
    Pii some = new Pii(config.text().pii());
    assertThat(some.replace("a@b.org 203.0.113.7 +442079460958"))
        .isEqualTo(
            new Pii.Replaced(
                "<EMAIL> <IP> +442079460958", Map.of(PiiKind.EMAIL, 1, PiiKind.IP, 1)));
    assertThat(new Pii(PiiRules.OFF).replace("a@b.org").text()).isEqualTo("a@b.org");
    Assertions.assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_CURATOR__PII__REGIONS", "US,Mars"))
                    .section("curator", CuratorConfig.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("regions must be ISO 3166 codes such as US or DE, was MARS");
  }

  /// What detectors look for, again and again, must not make them look at everything each time.
  @ParameterizedTest
  @CsvSource({
    "@",
    "a@",
    "a@b.",
    "(at)",
    "1.",
    "1:",
    "::",
    "+1",
    "1 ",
    "a=",
    "://a:",
    "-----BEGIN ",
    "AA11",
    "Bearer a",
    "eyJa.",
    "eyJ:a1/",
    "12345678:AA",
    "a1-eyJ1:eyJ1/ ",
    "sk-",
    "%40",
    "key=",
    "4111",
    "x@y.z ",
    "(",
    "1:AA",
    "password:a1",
  })
  void time_is_linear_in_the_text(String part) {
    String text = part.repeat(200_000 / part.length());
    long start = System.nanoTime();
    assertThat(ALL.find(text)).isNotNull();
    // A quadratic detector takes minutes for this.
    assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
  }

  @Test
  void no_text_whatever_breaks_it() {
    Dice dice = new Dice(5);
    String alphabet = "@.:-+/=()[]<>%_ \n\t\"'0123456789abcdefABCDEFxyz#\u00A0é中\uD83D\uDE00|{}";
    for (int i = 0; i < 20_000; i++) {
      String text = dice.of(alphabet, dice.below(80));
      int from = 0;
      for (Span span : ALL.find(text)) {
        assertThat(span.start()).isGreaterThanOrEqualTo(from);
        assertThat(span.end()).isGreaterThan(span.start()).isLessThanOrEqualTo(text.length());
        from = span.end();
      }
    }
  }

  private static List<Sample> samples(long seed) {
    Dice dice = new Dice(seed);
    LabelledPii labelled = new LabelledPii(dice);
    PlainText plain = new PlainText(dice);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      for (PiiKind kind : PiiKind.values()) {
        samples.add(labelled.of(kind));
        samples.add(plain.next());
      }
    }
    return samples;
  }

  private static Tally tally(Map<PiiKind, Tally> tallies, Span span) {
    return Objects.requireNonNull(tallies.get(span.kind()));
  }

  private static void fault(Tally tally, String what, Span span, Sample sample) {
    if (tally.faults.size() < 8) {
      tally.faults.add(
          "%s %s in: %s"
              .formatted(what, sample.text().substring(span.start(), span.end()), sample.text()));
    }
  }
}
