package dev.tidemill.platform.kafka;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.logging.Logging;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// A program that does one thing with Kafka and ends: `NAME --config FILE`, with options of its own
/// beside. What is common to all is here: the settings, the clients, the exit code and the one
/// sentence on standard error.
///
/// It ends with what [#run] says, 1 when Kafka or something else that it needs cannot be used, 2
/// when the configuration or the command line cannot. A subclass is a [CommandLine.Command], whose
/// name begins the ids of the clients.
public abstract class KafkaTool implements Callable<Integer> {
  private static final String CONFIG = "--config";

  private final String sections;
  private final String failure;
  private Map<String, String> env = Map.of();
  private @Nullable CommandLine line;

  /// @param sections what is read of the settings, for the help: "its section kafka is read"
  /// @param failure what a failure means, before its reason: "the audit cannot be made"
  protected KafkaTool(String sections, String failure) {
    this.sections = sections;
    this.failure = failure;
  }

  /// Does it.
  ///
  /// @return the exit code
  protected abstract int run(Settings settings, KafkaClients clients);

  /// Runs the program and ends the JVM.
  protected final void start(String[] args) {
    System.exit(execute(args, System.getenv()));
  }

  /// Runs the program and returns the exit code.
  final int execute(String[] args, Map<String, String> environment) {
    env = Map.copyOf(environment);
    CommandLine made = new CommandLine(this);
    made.getCommandSpec()
        .addOption(
            CommandLine.Model.OptionSpec.builder(CONFIG)
                .type(Path.class)
                .paramLabel("FILE")
                .description("YAML file; " + sections)
                .build());
    line = made;
    return made.execute(args);
  }

  @Override
  public final Integer call() {
    CommandLine called = Objects.requireNonNull(line, "call() is for execute()");
    Logging.configure();
    try {
      @Nullable Path config = called.getParseResult().matchedOptionValue(CONFIG, null);
      Settings settings = Settings.load(config, env);
      KafkaConfig kafka = settings.section("kafka", KafkaConfig.class);
      return run(
          settings, new KafkaClients(kafka, called.getCommandName(), new SimpleMeterRegistry()));
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    } catch (Fault | KafkaException e) {
      System.err.println(failure + ": " + e.getMessage());
      return 1;
    }
  }
}
