package dev.tidemill.curator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CuratorConfigTest {

  @Test
  void what_is_left_out_takes_its_default() {
    CuratorConfig config = Settings.load(null, Map.of()).section("curator", CuratorConfig.class);
    assertThat(config).isEqualTo(CuratorConfig.of(Path.of("state", "curator")));
    assertThat(config.holdout().share()).isEqualTo(0.02);
    assertThat(config.join().settle()).isEqualTo(Duration.ofSeconds(1));
    assertThat(config.caps().free()).isEqualTo(20);
    assertThat(config.streams().commitInterval()).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void settings_are_read_and_zero_holds_nothing_out() {
    CuratorConfig config =
        Settings.load(
                null,
                Map.of(
                    "TIDEMILL_CURATOR__HOLDOUT__SHARE", "0",
                    "TIDEMILL_CURATOR__JOIN__SETTLE", "0s",
                    "TIDEMILL_CURATOR__DEDUPE__MAX_ENTRIES", "7"))
            .section("curator", CuratorConfig.class);
    assertThat(config.holdout().share()).isZero();
    assertThat(config.holdout().holdsOut("anything")).isFalse();
    assertThat(config.join().settle()).isZero();
    assertThat(config.dedupe().maxEntries()).isEqualTo(7);
  }

  @Test
  void groups_of_the_code_are_no_level_of_the_settings() {
    CuratorConfig config =
        Settings.load(
                null,
                Map.of(
                    "TIDEMILL_CURATOR__THREADS", "3",
                    "TIDEMILL_CURATOR__PII__ENABLED", "false"))
            .section("curator", CuratorConfig.class);
    assertThat(config.streams().threads()).isEqualTo(3);
    assertThat(config.text().pii().enabled()).isFalse();
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_CURATOR__THREADS", "-1"))
                    .section("curator", CuratorConfig.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("curator: threads must be at least 1, was -1");
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_CURATOR__STREAMS__THREADS", "1"))
                    .section("curator", CuratorConfig.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("curator.streams.threads: unknown key");
  }

  @Test
  void a_broken_rule_is_named() {
    assertThatThrownBy(
            () ->
                Settings.load(null, Map.of("TIDEMILL_CURATOR__HOLDOUT__SHARE", "1"))
                    .section("curator", CuratorConfig.class))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("curator.holdout: share must be from 0 to below 1, was 1.0");
  }
}
