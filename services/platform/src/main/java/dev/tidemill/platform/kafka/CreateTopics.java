package dev.tidemill.platform.kafka;

import dev.tidemill.platform.config.Settings;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine;

/// The program that creates the catalogue's topics: `CreateTopics --config FILE`. It ends with 0
/// when all of them are there, 2 when the configuration cannot be used, 1 otherwise.
@CommandLine.Command(
    name = "create-topics",
    mixinStandardHelpOptions = true,
    description = "Creates the topics of the catalogue where they are missing.")
public final class CreateTopics extends KafkaTool {

  CreateTopics() {
    super("its section kafka is read", "the topics could not be created");
  }

  public static void main(String[] args) {
    new CreateTopics().start(args);
  }

  @Override
  protected int run(Settings settings, KafkaClients clients) {
    try (Admin admin = clients.admin()) {
      List<String> created = TopicCreation.ensure(admin, clients.config().replicationFactor());
      System.out.println("topics created: " + created.size());
    }
    return 0;
  }
}
