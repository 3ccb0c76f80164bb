package dev.tidemill.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// That the names of metrics are found in queries, and that the files which hold queries are whole.
class PromQlNamesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a_total | a_total",
        "rate(a_total[5m]) | a_total",
        "rate(a_total{kind=\"b_total\", x=~'c.*d'}[$__rate_interval]) | a_total",
        "sum by (task, arm) (rate(a_total[5m])) | a_total",
        "sum(rate(a_total[5m])) by (task) / sum without(task) (b) | a_total b",
        "sum by(task)(a) > bool 5 and on(task) b unless ignoring (x, y) c | a b c",
        "a * on (instance) group_left(version) b | a b",
        "a * on (instance) group_left b | a b",
        "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m]))) | a_bucket",
        "a offset 5m - b offset -1h | a b",
        "a @ end() + b @ 1609746000 | a b",
        "max_over_time(rate(a[5m])[1h:1m]) | a",
        "a > 1e3 or b < 1E-3 or c == 0x1F or d != +Inf or e == NaN | a b c d e",
        "label_replace(a, \"dst\", \"$1\", \"src\", \"(.*)b\") | a",
        "count_values(\"b\", a) | a",
        "topk(3, a) | a",
        "job:a:rate5m | job:a:rate5m",
        "{__name__=\"a\", job=\"b\"} | a",
        "{\"a\", job=\"b\"} | a",
        "a{task=~\"$task\"} * ${factor} + $other | a",
        "a{b=\"\\\"}c\"} | a",
        "sum(a) + sum by () (b) | a b",
        "RATE | RATE",
        "a AND b OR c | a b c",
        "vector(0) | ''",
        "time() - a | a",
        "sum | sum"
      })
  void findsTheNames(String query, String names) {
    assertThat(String.join(" ", PromQlNames.of(query))).isEqualTo(names.replace("''", ""));
  }

  @Test
  void commentsAndLinesDoNotMatter() {
    assertThat(PromQlNames.of("# of c\nsum by # d\n (x)\n (\n  a # e(\n) + `f` * b"))
        .containsExactly("a", "b");
  }

  @Test
  void aNameMadeOfAVariableIsRefused() {
    for (String query : new String[] {"tidemill_${service}_loss", "a_$x", "$x_total + ${x}_b"}) {
      assertThatThrownBy(() -> PromQlNames.of(query))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(query);
    }
  }

  @Test
  void aQueryThatEndsTooEarlyIsRefused() {
    for (String query : new String[] {"a{b=\"c", "a[5m", "sum by (a", "a{b"}) {
      assertThatThrownBy(() -> PromQlNames.of(query))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(query);
    }
  }

  @Test
  void dashboardsAndRulesReadMetricsOfOurs() throws IOException {
    assertThat(ObservabilityFiles.dashboardQueries()).isNotEmpty();
    assertThat(ObservabilityFiles.ruleQueries()).isNotEmpty();
    assertThat(ObservabilityFiles.metricNames().keySet())
        .isNotEmpty()
        .allMatch(name -> name.matches("(tidemill|kafka|jvm|process|system)_\\w+"));
  }

  @Test
  void everyAlertSaysWhatItMeansAndWhatToDo() throws IOException {
    for (JsonNode alert : ObservabilityFiles.alerts()) {
      String name = alert.path("alert").asText();
      String runbook = alert.at("/annotations/runbook").asText();
      assertThat(alert.at("/annotations/summary").asText()).as("summary of " + name).isNotBlank();
      assertThat(alert.at("/labels/severity").asText())
          .as("severity of " + name)
          .isIn("page", "ticket");
      assertThat(runbook).isEqualTo("docs/runbooks/" + name + ".md");
      Path page = Repository.root().resolve(runbook);
      assertThat(page).exists();
      assertThat(Files.readString(page)).startsWith("# " + name + "\n");
    }
  }

  @Test
  void everyPanelSaysWhatItShowsAndInWhichUnit() throws IOException {
    for (JsonNode panel : ObservabilityFiles.panels()) {
      String title = panel.path("title").asText();
      assertThat(title).isNotBlank();
      assertThat(panel.path("description").asText()).as("description of " + title).isNotBlank();
      assertThat(panel.at("/fieldConfig/defaults/unit").asText())
          .as("unit of " + title)
          .isNotBlank();
      assertThat(panel.path("targets")).as("queries of " + title).isNotEmpty();
    }
  }
}
