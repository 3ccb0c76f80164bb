package dev.tidemill.platform.window;

import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.ConfigException;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.logging.Logging;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// The program that audits all lineages: `AuditMain --config FILE`. It ends with 0 when every
/// account balances, 1 when one does not or Kafka cannot be read, 2 when the configuration cannot
/// be used.
@CommandLine.Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    description = "Checks that every example is in exactly one window of its lineage.")
public final class AuditMain implements Callable<Integer> {

  @CommandLine.Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file; its sections kafka and artifacts are read")
  private @Nullable Path config;

  public static void main(String[] args) {
    System.exit(new CommandLine(new AuditMain()).execute(args));
  }

  @Override
  public Integer call() {
    Logging.configure();
    try {
      Settings settings = Settings.load(config, System.getenv());
      KafkaClients clients =
          new KafkaClients(
              settings.section("kafka", KafkaConfig.class), "audit", new SimpleMeterRegistry());
      LineageAudit.Report report =
          LineageAudit.run(
              clients,
              DirectoryArtifactStore.of(settings.section("artifacts", ArtifactsConfig.class)));
      print(report, System.out);
      return report.balances() ? 0 : 1;
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    } catch (Fault | KafkaException e) {
      System.err.println("the audit cannot be made: " + e.getMessage());
      return 1;
    }
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
