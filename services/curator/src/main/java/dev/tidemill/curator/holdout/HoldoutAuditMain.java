package dev.tidemill.curator.holdout;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.KafkaTool;
import picocli.CommandLine;

/// The program that looks for held-out items in the training topics, `HoldoutAuditMain --config
/// FILE`. It ends with 0 when there is none, 1 when there is one or Kafka cannot be read, 2 when
/// the configuration cannot be used.
@CommandLine.Command(
    name = "holdout-audit",
    mixinStandardHelpOptions = true,
    description = "Checks that nothing which is held out lies in a topic that trains.")
public final class HoldoutAuditMain extends KafkaTool {

  HoldoutAuditMain() {
    super("its sections kafka and curator are read", "the audit cannot be made");
  }

  public static void main(String[] args) {
    new HoldoutAuditMain().start(args);
  }

  @Override
  protected int run(Settings settings, KafkaClients clients) {
    HoldoutAudit.Report report =
        HoldoutAudit.run(clients, settings.section("curator", CuratorConfig.class).holdout());
    report.named().forEach(System.out::println);
    System.out.printf(
        "%d items held out; %d examples and %d documents train, %d of them must not%n",
        report.heldOut(), report.examples(), report.documents(), report.leaks());
    return report.clean() ? 0 : 1;
  }
}
