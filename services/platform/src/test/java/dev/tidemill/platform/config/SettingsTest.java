package dev.tidemill.platform.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

  enum Mode {
    DRY_RUN,
    REAL
  }

  record IngestConfig(
      HttpConfig http,
      Duration patience,
      long buffer,
      List<String> origins,
      Map<String, Integer> weights,
      @Nullable Mode mode,
      double share,
      boolean strict,
      @Nullable Path spool) {
    IngestConfig {
      http = http == null ? HttpConfig.of("127.0.0.1", 8080) : http;
      patience = patience == null ? Duration.ofSeconds(7) : patience;
      origins = origins == null ? List.of() : List.copyOf(origins);
      weights = weights == null ? Map.of() : Map.copyOf(weights);
      if (share < 0 || share > 1) {
        throw new IllegalArgumentException("share must be between 0 and 1, was " + share);
      }
    }
  }

  record Demanding(String name) {
    Demanding {
      Objects.requireNonNull(name, "name");
    }
  }

  record Size(int width, int height) {
    Size {
      width = width == 0 ? 3 : width;
      if (width < 0) {
        throw new IllegalArgumentException("width must not be negative, was " + width);
      }
    }
  }

  record Box(String name, @Inline Size size) {}

  @TempDir Path folder;

  @Test
  void keysOfAnInlinedRecordStandAmongThoseAround() {
    Settings settings =
        Settings.load(null, Map.of("TIDEMILL_INGEST__NAME", "b", "TIDEMILL_INGEST__HEIGHT", "2"));
    assertThat(settings.section("ingest", Box.class)).isEqualTo(new Box("b", new Size(3, 2)));
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_INGEST__WIDTH", "-1"))
                    .section("ingest", Box.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("ingest: width must not be negative, was -1");
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_INGEST__WIDHT", "1"))
                    .section("ingest", Box.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("ingest.widht: unknown key; did you mean ingest.width?");
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_INGEST__SIZE__WIDTH", "1"))
                    .section("ingest", Box.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("ingest.size.width: unknown key");
  }

  @Test
  void aFileIsBoundToRecords() throws Exception {
    IngestConfig config =
        ingest(
            """
            ingest:
              http: {host: 0.0.0.0, port: 9000, max_body_bytes: 2MiB}
              patience: 250ms
              buffer: 64KiB
              origins: [a, b]
              weights: {forum: 3}
              mode: dry-run
              share: 0.25
              strict: true
              spool: /var/spool
            tuner:
              steps: 3
            """);
    assertThat(config)
        .isEqualTo(
            new IngestConfig(
                new HttpConfig("0.0.0.0", 9000, 2 << 20),
                Duration.ofMillis(250),
                65536,
                List.of("a", "b"),
                Map.of("forum", 3),
                Mode.DRY_RUN,
                0.25,
                true,
                Path.of("/var/spool")));
  }

  @Test
  void whatIsLeftOutTakesTheRecordsDefaults() throws Exception {
    assertThat(ingest("kafka: {bootstrap_servers: a:1}\n").http().port()).isEqualTo(8080);
    assertThat(ingest("ingest:\n").patience()).isEqualTo(Duration.ofSeconds(7));
    assertThat(ingest("").mode()).isNull();
    KafkaConfig kafka = Settings.load(null, Map.of()).section("kafka", KafkaConfig.class);
    assertThat(kafka).isEqualTo(KafkaConfig.of("localhost:9092"));
  }

  @Test
  void theEnvironmentOverrides() throws Exception {
    Settings settings =
        Settings.load(
            file("ingest:\n  http:\n    host: h\n    port: 1\n"),
            Map.of(
                "TIDEMILL_INGEST__HTTP__PORT", "2",
                "TIDEMILL_INGEST__ORIGINS", "x, y",
                "TIDEMILL_INGEST__WEIGHTS", "{a.b: 4}",
                "TIDEMILL_INGEST_SERVICE_HOST", "10.0.0.1",
                "TIDEMILL_INGEST_PORT", "tcp://10.0.0.1:80",
                "TIDEMILL_INGEST_PORT_80_TCP_ADDR", "10.0.0.1",
                "PATH", "/bin"));
    IngestConfig config = settings.section("ingest", IngestConfig.class);
    assertThat(config.http()).isEqualTo(HttpConfig.of("h", 2));
    assertThat(config.origins()).containsExactly("x", "y");
    assertThat(config.weights()).containsExactly(Map.entry("a.b", 4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          'ingest: {htp: {port: 1}}'       | ingest.htp.port: unknown key; did you mean ingest.http.port? (t.yaml, line 1)
          'ingest: {http: {prt: 1}}'       | ingest.http.prt: unknown key; did you mean ingest.http.port? (t.yaml, line 1)
          'ingest: {zebra: 1}'             | ingest.zebra: unknown key; known in ingest: http, patience, buffer, origins, weights, mode, share, strict, spool (t.yaml, line 1)
          'ingset: {}'                     | ingset: unknown section; did you mean ingest? (t.yaml, line 1)
          'ingest: {http: {port: high}}'   | ingest.http.port: must be a whole number (sizes as 512KiB, 1MiB), not 'high' (t.yaml, line 1)
          'ingest: {http: {port: 70000}}'  | ingest.http: port must be between 0 and 65535, was 70000 (t.yaml, line 1)
          'ingest: {http: 3}'              | ingest.http: must hold keys, not a value (t.yaml, line 1)
          'ingest: {patience: soon}'       | "ingest.patience: must be a duration as 250ms, 30s, 5m, 2h or ISO-8601, not 'soon' (t.yaml, line 1)"
          'ingest: {patience: [1]}'        | ingest.patience: must be a duration as 250ms, 30s, 5m, 2h or ISO-8601, not a list (t.yaml, line 1)
          'ingest: {mode: fake}'           | ingest.mode: must be one of dry_run, real, not 'fake' (t.yaml, line 1)
          'ingest: {strict: yes}'          | ingest.strict: must be true or false, not 'yes' (t.yaml, line 1)
          'ingest: {share: 2}'             | ingest: share must be between 0 and 1, was 2.0 (t.yaml, line 1)
          'ingest: {buffer: 1.5}'          | ingest.buffer: must be a whole number (sizes as 512KiB, 1MiB), not '1.5' (t.yaml, line 1)
          'ingest: {share: 1, share: 1}'   | t.yaml, line 1: key share stands here twice
          'ingest: {'                      | t.yaml, line 1: not sound YAML: expected the node content, but found '<stream end>'
          '[1]'                            | must hold sections
          """)
  void whatCannotBeUsedIsNamed(String yaml, String message) {
    String wanted = message.replaceAll("^\"|\"$", "");
    assertThatThrownBy(() -> ingest(yaml))
        .isInstanceOf(ConfigException.class)
        .message()
        .satisfies(m -> assertThat(m).contains(wanted).doesNotContain("\n"));
  }

  @Test
  void theLineOfTheKeyIsNamed() {
    assertThatThrownBy(() -> ingest("kafka:\n\ningest:\n  http:\n    port: 1\n  sahre: 1\n"))
        .hasMessage("ingest.sahre: unknown key; did you mean ingest.share? (t.yaml, line 6)");
  }

  @Test
  void unknownVariablesAreRefused() {
    assertThatThrownBy(() -> Settings.load(null, Map.of("TIDEMILL_INGEST_HTTP_PORT", "1")))
        .hasMessage(
            "TIDEMILL_INGEST_HTTP_PORT: not a setting; levels are divided by two underscores, as in"
                + " TIDEMILL_INGEST__HTTP__PORT");
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_INGEST__HTTP__PROT", "1"))
                    .section("ingest", IngestConfig.class))
        .hasMessage(
            "ingest.http.prot: unknown key; did you mean ingest.http.port?"
                + " (environment variable TIDEMILL_INGEST__HTTP__PROT)");
  }

  @Test
  void aMissingFileAndAMissingKeyAreNamed() throws Exception {
    assertThatThrownBy(() -> Settings.load(folder.resolve("none.yaml"), Map.of()))
        .hasMessage("configuration file " + folder.resolve("none.yaml") + " does not exist");
    Settings settings = Settings.load(file("tuner: {}\n"), Map.of());
    assertThatThrownBy(() -> settings.section("tuner", Demanding.class))
        .hasMessage("tuner: name is missing (t.yaml, line 1)");
  }

  private IngestConfig ingest(String yaml) throws IOException {
    return Settings.load(file(yaml), Map.of()).section("ingest", IngestConfig.class);
  }

  private Path file(String yaml) throws IOException {
    return Files.writeString(folder.resolve("t.yaml"), yaml);
  }
}
