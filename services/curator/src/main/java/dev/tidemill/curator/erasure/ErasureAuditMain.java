package dev.tidemill.curator.erasure;

import dev.tidemill.curator.CuratorService;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.KafkaTool;
import java.io.PrintStream;
import picocli.CommandLine;

/// The program that proves the absence of a subject: `ErasureAuditMain --config FILE --subject S`.
/// It ends with 0 when no topic holds anything of the subject, 1 when one does or Kafka cannot be
/// read, 2 when the configuration or the command line cannot be used.
@CommandLine.Command(
    name = "erasure-audit",
    mixinStandardHelpOptions = true,
    description = "Looks in every topic for what a subject gave before it asked to be forgotten.")
public final class ErasureAuditMain extends KafkaTool {

  @CommandLine.Option(
      names = "--subject",
      required = true,
      paramLabel = "SUBJECT",
      description = "the pseudonym to look for")
  private String subject = "";

  ErasureAuditMain() {
    super("its section kafka is read", "the audit cannot be made");
  }

  public static void main(String[] args) {
    new ErasureAuditMain().start(args);
  }

  @Override
  protected int run(Settings settings, KafkaClients clients) {
    ErasureAudit.Report report =
        new ErasureAudit(clients, CuratorService.APPLICATION_ID).run(subject);
    print(report, System.out);
    return report.absent() ? 0 : 1;
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
