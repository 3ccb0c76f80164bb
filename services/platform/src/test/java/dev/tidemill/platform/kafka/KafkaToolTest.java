package dev.tidemill.platform.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.faults.RetriableFault;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class KafkaToolTest {

  /// Says what it was given, or throws it.
  @CommandLine.Command(name = "say", mixinStandardHelpOptions = true)
  private static final class Say extends KafkaTool {
    @CommandLine.Option(names = "--word", required = true)
    private String word = "";

    Say() {
      super("its section kafka is read", "it cannot be said");
    }

    @Override
    protected int run(Settings settings, KafkaClients clients) {
      switch (word) {
        case "fault" -> throw new RetriableFault("the topic is away");
        case "kafka" -> throw new KafkaException("the broker is away");
        default ->
            System.err.println(
                word + " " + clients.owner() + " " + clients.config().bootstrapServers());
      }
      return 7;
    }
  }

  @TempDir Path folder;

  private final PrintStream standardError = System.err;
  private final PrintStream standardOutput = System.out;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setErr(standardError);
    System.setOut(standardOutput);
  }

  @Test
  void aToolHasItsSettingsItsClientsAndItsExitCode() throws Exception {
    Path config = folder.resolve("tidemill.yaml");
    Files.writeString(config, "kafka: {bootstrap_servers: 'nowhere:1'}\n");
    assertThat(execute("--config", config.toString(), "--word", "hello")).isEqualTo(7);
    assertThat(said()).isEqualTo("hello say nowhere:1");
  }

  @Test
  void afterAFailureTheSentenceSaysWhatWasNotDoneAndWhy() {
    assertThat(execute("--word", "fault")).isEqualTo(1);
    assertThat(said()).isEqualTo("it cannot be said: the topic is away");
    said.reset();
    assertThat(execute("--word", "kafka")).isEqualTo(1);
    assertThat(said()).isEqualTo("it cannot be said: the broker is away");
  }

  @Test
  void settingsThatCannotBeUsedEndWithTwo() {
    assertThat(execute("--word", "x", "--config", folder.resolve("gone.yaml").toString()))
        .isEqualTo(2);
    assertThat(said()).hasLineCount(1).contains("gone.yaml");
  }

  @Test
  void aWrongCommandLineEndsWithTwoAndTheHelpNamesTheSections() {
    assertThat(execute("--wrod", "x")).isEqualTo(2);
    assertThat(said()).contains("--word");
    said.reset();
    assertThat(execute("--help")).isZero();
    assertThat(said()).contains("--config=FILE", "YAML file; its section kafka is read");
  }

  private static int execute(String... args) {
    return new Say().execute(args, Map.of("TIDEMILL_KAFKA__BOOTSTRAP_SERVERS", "nowhere:1"));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8).strip();
  }
}
