package dev.tidemill.platform.kafka;

import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.logging.Logging;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// The program that creates the catalogue's topics: `CreateTopics --config FILE`. It ends with 0
/// when all of them are there, 2 when the configuration cannot be used, 1 otherwise.
@CommandLine.Command(
    name = "create-topics",
    mixinStandardHelpOptions = true,
    description = "Creates the topics of the catalogue where they are missing.")
public final class CreateTopics implements Callable<Integer> {

  @CommandLine.Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file; its section kafka is read")
  private @Nullable Path config;

  public static void main(String[] args) {
    System.exit(new CommandLine(new CreateTopics()).execute(args));
  }

  @Override
  public Integer call() {
    Logging.configure();
    try {
      KafkaConfig kafka =
          Settings.load(config, System.getenv()).section("kafka", KafkaConfig.class);
      KafkaClients clients = new KafkaClients(kafka, "create-topics", new SimpleMeterRegistry());
      try (Admin admin = clients.admin()) {
        List<String> created = TopicCreation.ensure(admin, kafka.replicationFactor());
        System.out.println("topics created: " + created.size());
      }
      return 0;
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    } catch (Fault | KafkaException e) {
      System.err.println("the topics could not be created: " + e.getMessage());
      return 1;
    }
  }
}
