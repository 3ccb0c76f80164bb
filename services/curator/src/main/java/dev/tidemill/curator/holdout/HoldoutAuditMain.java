package dev.tidemill.curator.holdout;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.logging.Logging;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// The program that looks for held-out items in the training topics, `HoldoutAuditMain --config
/// FILE`. It ends with 0 when there is none, 1 when there is one or Kafka cannot be read, 2 when
/// the configuration cannot be used.
@CommandLine.Command(
    name = "holdout-audit",
    mixinStandardHelpOptions = true,
    description = "Checks that nothing which is held out lies in a topic that trains.")
public final class HoldoutAuditMain implements Callable<Integer> {

  @CommandLine.Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file; its sections kafka and curator are read")
  private @Nullable Path config;

  public static void main(String[] args) {
    System.exit(new CommandLine(new HoldoutAuditMain()).execute(args));
  }

  @Override
  public Integer call() {
    Logging.configure();
    try {
      Settings settings = Settings.load(config, System.getenv());
      KafkaClients clients =
          new KafkaClients(
              settings.section("kafka", KafkaConfig.class),
              "holdout-audit",
              new SimpleMeterRegistry());
      HoldoutAudit.Report report =
          HoldoutAudit.run(clients, settings.section("curator", CuratorConfig.class).holdout());
      report.named().forEach(System.out::println);
      System.out.printf(
          "%d items held out; %d examples and %d documents train, %d of them must not%n",
          report.heldOut(), report.examples(), report.documents(), report.leaks());
      return report.clean() ? 0 : 1;
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    } catch (Fault | KafkaException e) {
      System.err.println("the audit cannot be made: " + e.getMessage());
      return 1;
    }
  }
}
