package dev.tidemill.curator.erasure;

import dev.tidemill.curator.CuratorService;
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

/// The program that proves the absence of a subject: `ErasureAuditMain --config FILE --subject S`.
/// It ends with 0 when no topic holds anything of the subject, 1 when one does or Kafka cannot be
/// read, 2 when the configuration or the command line cannot be used.
@CommandLine.Command(
    name = "erasure-audit",
    mixinStandardHelpOptions = true,
    description = "Looks in every topic for what a subject gave before it asked to be forgotten.")
public final class ErasureAuditMain implements Callable<Integer> {

  @CommandLine.Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file; its section kafka is read")
  private @Nullable Path config;

  @CommandLine.Option(
      names = "--subject",
      required = true,
      paramLabel = "SUBJECT",
      description = "the pseudonym to look for")
  private String subject = "";

  public static void main(String[] args) {
    System.exit(new CommandLine(new ErasureAuditMain()).execute(args));
  }

  @Override
  public Integer call() {
    Logging.configure();
    try {
      KafkaConfig kafka =
          Settings.load(config, System.getenv()).section("kafka", KafkaConfig.class);
      KafkaClients clients = new KafkaClients(kafka, "erasure-audit", new SimpleMeterRegistry());
      ErasureAudit.Report report =
          new ErasureAudit(clients, CuratorService.APPLICATION_ID).run(subject);
      print(report, System.out);
      return report.absent() ? 0 : 1;
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return 2;
    } catch (Fault | KafkaException e) {
      System.err.println("the audit cannot be made: " + e.getMessage());
      return 1;
    }
  }

  static void print(ErasureAudit.Report report, PrintStream out) {
    out.printf("erasures of the subject that were applied: %d%n", report.erasures());
    out.printf(
        "%-56s %10s %7s %16s %14s%n",
        "topic", "records", "found", "not yet cleaned", "given since");
    for (ErasureAudit.TopicAccount topic : report.topics()) {
      out.printf(
          "%-56s %10d %7d %16d %14d%n",
          topic.topic(), topic.seen(), topic.found(), topic.present(), topic.since());
    }
    for (ErasureAudit.Contained release : report.releases()) {
      out.printf("release %s contains it: %s%n", release.release(), release.state());
    }
    if (!report.absent()) {
      out.println("the subject is there");
    } else if (report.physicallyAbsent()) {
      out.println("the subject is absent");
    } else {
      out.println(
          "the subject is absent; Kafka has yet to clean away bytes that no reader takes for"
              + " valid");
    }
  }
}
