package dev.tidemill.pretrainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.pretrainer.domain.Course;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PretrainerConfigTest {
  @TempDir Path folder = Path.of("");

  @Test
  void onlyTasksMustBeTold() throws IOException {
    PretrainerConfig config = read("tasks: [support]");

    assertThat(config.name()).isEqualTo("base");
    assertThat(config.stateDirectory()).isEqualTo(Path.of("state", "pretrainer"));
    assertThat(config.heartbeatLimit()).isEqualTo(Duration.ofMinutes(5));
    assertThat(config.initialModel()).isNull();
    assertThat(config.initialCourse()).isEqualTo(Course.INITIAL);
    assertThat(config.continuedCourse()).isEqualTo(Course.CONTINUED);
    assertThat(config.replay().share()).isEqualTo(0.25);
    assertThat(config.optimizer().of(7).weightDecay()).isEqualTo(0.1);
    assertThat(config.gate().tolerance()).isZero();
    assertThat(config.gate().answerTolerance()).isEqualTo(0.1);
    assertThat(config.gate().maxBitsPerByte()).isEqualTo(8);
  }

  @Test
  void whatIsNotToldOfACourseIsAsInItsOwnDefault() throws IOException {
    PretrainerConfig config =
        read("tasks: [support]\ncontinued: {epochs: 2, sources: {kafka.faq: 5}}");

    assertThat(config.continuedCourse())
        .isEqualTo(
            new Course(
                2,
                Map.of("kafka.faq", 5),
                Course.CONTINUED.learningRate(),
                Course.CONTINUED.floor(),
                Course.CONTINUED.warmUpSteps()));
  }

  @Test
  void whatIsNotToldOfReplayIsAsInItsDefault() throws IOException {
    assertThat(read("tasks: [support]\nreplay: {capacity: 7}").replay())
        .isEqualTo(new PretrainerConfig.Replay(0.25, 7));
  }

  @Test
  void zeroIsTakenAtItsWord() throws IOException {
    PretrainerConfig config =
        read(
            """
            tasks: [support]
            continued: {warm_up_steps: 0}
            optimizer: {weight_decay: 0}
            replay: {share: 0}
            gate: {answer_tolerance: 0}
            """);

    assertThat(config.continuedCourse().warmUpSteps()).isZero();
    assertThat(config.optimizer().weightDecay()).isZero();
    assertThat(config.replay().share()).isZero();
    assertThat(config.gate().answerTolerance()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tasks: []                               | pretrainer: tasks must name at least one task",
        "tasks: [a, a]                           | each once",
        "name: a/b                               | name must be of letters",
        "threads: -1                             | threads must not be negative",
        "heartbeat_limit: 0s                     | heartbeat_limit must be above 0",
        "fresh: {vocab_size: 200}                | pretrainer.fresh: vocab_size must be at least"
            + " 261",
        "fresh: {hidden_size: 36, heads: 8}      | hidden_size must be a multiple of twice the"
            + " heads",
        "fresh: {heads: 4, kv_heads: 3}          | heads must be a multiple of kv_heads",
        "fresh: {layers: -1}                     | layers must be above 0",
        "fresh: {max_positions: 1}               | max_positions must be at least 2",
        "batch: {max_tokens: -1}                 | max_tokens must be above 0",
        "optimizer: {beta1: 1}                   | beta1",
        "initial: {epochs: 0}                    | initial: epochs must be at least 1",
        "continued: {floor: 1}                   | continued: learning_rate must be above 0 and"
            + " floor",
        "replay: {share: 1}                      | share must be from 0 up to but not 1",
        "gate: {tolerance: -1}                   | tolerance and answer_tolerance must be above -1",
        "gate: {min_heldout: 9, max_heldout: 8}  | min_heldout must be at least 1",
        "gate: {tolerence: 1}                    | did you mean pretrainer.gate.tolerance?",
      })
  void refusalNamesTheKey(String yaml, String message) {
    String tasks = yaml.startsWith("tasks") ? "" : "tasks: [support]\n";

    assertThatThrownBy(() -> read(tasks + yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  private PretrainerConfig read(String section) throws IOException {
    Path file = folder.resolve("tidemill.yaml");
    Files.writeString(file, "pretrainer:\n" + section.indent(2));
    return Settings.load(file, Map.of()).section("pretrainer", PretrainerConfig.class);
  }
}
