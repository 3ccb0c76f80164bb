package dev.tidemill.platform.window;

import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.KafkaTool;
import java.io.PrintStream;
import picocli.CommandLine;

/// The program that audits all lineages: `AuditMain --config FILE`. It ends with 0 when every
/// account balances, 1 when one does not or Kafka cannot be read, 2 when the configuration cannot
/// be used.
@CommandLine.Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    description = "Checks that every example is in exactly one window of its lineage.")
public final class AuditMain extends KafkaTool {

  AuditMain() {
    super("its sections kafka and artifacts are read", "the audit cannot be made");
  }

  public static void main(String[] args) {
    new AuditMain().start(args);
  }

  @Override
  protected int run(Settings settings, KafkaClients clients) {
    LineageAudit.Report report =
        LineageAudit.run(
            clients,
            DirectoryArtifactStore.of(settings.section("artifacts", ArtifactsConfig.class)));
    print(report, System.out);
    return report.balances() ? 0 : 1;
  }

  static void print(LineageAudit.Report report, PrintStream out) {
    for (LineageAudit.Account account : report.accounts()) {
      out.printf(
          "%s: %d windows, %d trained, %d lost, %d trained twice, %d pending%n",
          account.lineage(),
          account.windows(),
          account.trained(),
          account.lost(),
          account.trainedTwice(),
          account.pending());
      account.problems().forEach(problem -> out.println("  " + problem));
    }
    out.println(report.balances() ? "the audit balances" : "the audit does not balance");
  }
}
