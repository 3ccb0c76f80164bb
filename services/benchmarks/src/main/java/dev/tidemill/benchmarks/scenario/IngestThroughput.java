package dev.tidemill.benchmarks.scenario;

import dev.tidemill.events.Document;
import dev.tidemill.ingest.IngestConfig;
import dev.tidemill.ingest.IngestService;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.logging.Logging;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine;

/// Documents over HTTP against Kafka's own producer performance tool, by turns, with the same
/// broker (a child process), cores, number of partitions, value size, text, acks, linger, batch
/// size and compression. The gateway, the tool and the load generator share this JVM.
///
/// Then the gateway at half of its rate, on a schedule: what an acknowledgement takes, by its own
/// timer for each record, and at the client for each request from the moment it was due.
@CommandLine.Command(name = "ingest-throughput", mixinStandardHelpOptions = true)
public final class IngestThroughput implements Callable<Integer> {

  // The tool's records have no keys, which a compacted topic refuses.
  private static final Topic<Document> TOOLS =
      new Topic<>(
          "bench.documents",
          Document.class,
          "none",
          Topics.DOCUMENTS.partitions(),
          Topic.Cleanup.DELETE,
          Topics.DOCUMENTS.retention(),
          List.of("bench"));

  private static final double NANOS_PER_MILLI = 1e6;

  @CommandLine.Option(names = "--rounds", description = "default: ${DEFAULT-VALUE}")
  private int rounds = 5;

  @CommandLine.Option(names = "--records", description = "a round; default: ${DEFAULT-VALUE}")
  private int records = 400_000;

  @CommandLine.Option(names = "--batch", description = "lines a request; default: ${DEFAULT-VALUE}")
  private int batch = 500;

  @CommandLine.Option(names = "--connections", description = "default: ${DEFAULT-VALUE}")
  private int connections = 8;

  @CommandLine.Option(names = "--text", description = "bytes; default: ${DEFAULT-VALUE}")
  private int textBytes = 1_000;

  @CommandLine.Option(names = "--seconds", description = "at half rate; default: ${DEFAULT-VALUE}")
  private int seconds = 20;

  public static void main(String[] args) {
    System.exit(new CommandLine(new IngestThroughput()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Logging.configure();
    Report report = new Report(System.out);
    Path folder = Files.createTempDirectory("tidemill-ingest-throughput-");
    try (ChildBroker broker = ChildBroker.start(folder.resolve("broker"))) {
      PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      KafkaClients clients =
          new KafkaClients(KafkaConfig.of(broker.bootstrapServers()), "ingest", metrics);
      try (Admin admin = clients.admin()) {
        TopicCreation.ensure(admin, (short) 1);
        TopicCreation.ensure(admin, List.of(TOOLS), (short) 1);
      }
      IngestConfig config = IngestConfig.at(new HttpConfig("127.0.0.1", 0, 8 << 20));
      ServiceContext context =
          new ServiceContext(
              "ingest",
              clients,
              metrics,
              new DirectoryArtifactStore(folder.resolve("artifacts"), null, List.of()),
              new Health(),
              InstantSource.system());
      try (IngestService ingest = new IngestService(context, config)) {
        ingest.start();
        measure(report, folder, broker, ingest, metrics);
      }
    } finally {
      ChildBroker.delete(folder);
    }
    return report.exitCode();
  }

  private void measure(
      Report report,
      Path folder,
      ChildBroker broker,
      IngestService ingest,
      PrometheusMeterRegistry metrics)
      throws Exception {
    Documents documents = new Documents(textBytes, batch);
    int valueBytes = valueBytes(documents);
    Path payloads = folder.resolve("payloads");
    Files.write(payloads, documents.texts(1_000, valueBytes));
    ProducerTool tool =
        new ProducerTool(broker.bootstrapServers(), TOOLS.name(), payloads, producerSettings());
    report.figure("value of a record", valueBytes, "bytes");
    report.figure("records a request", batch, "");
    int requests = records / batch;
    double[] ratios = new double[rounds];
    double[] ingested = new double[rounds];
    // The first round warms up both and does not count.
    for (int round = -1; round < rounds; round++) {
      double theirs = tool.recordsPerSecond(records);
      try (HttpLoad load = new HttpLoad(ingest.port(), documents.bodies(), connections)) {
        Duration took = load.run(requests, 0).took();
        double ours = (double) requests * batch / (took.toNanos() / 1e9);
        if (round >= 0) {
          ratios[round] = ours / theirs;
          ingested[round] = ours;
          report.figure("round " + (round + 1) + ": producer tool", theirs, "records/s");
          report.figure("round " + (round + 1) + ": ingest", ours, "records/s");
        }
      }
    }
    report.atLeast("ingest / producer tool (median round)", Report.median(ratios), 0.5, "");
    halfRate(report, documents, ingest, metrics, Report.median(ingested) / 2);
  }

  private void halfRate(
      Report report,
      Documents documents,
      IngestService ingest,
      PrometheusMeterRegistry metrics,
      double rate)
      throws Exception {
    double requestsPerSecond = rate / batch;
    try (HttpLoad load = new HttpLoad(ingest.port(), documents.bodies(), connections)) {
      var _ = load.run((int) (requestsPerSecond * 5), requestsPerSecond);
      CountAtBucket[] before = acknowledgements(metrics);
      HttpLoad.Outcome outcome = load.run((int) (requestsPerSecond * seconds), requestsPerSecond);
      double perRecord = quantile(before, acknowledgements(metrics), 0.99);
      report.figure(
          "rate",
          outcome.latencies().length * batch / (outcome.took().toNanos() / 1e9),
          "records/s");
      report.atMost("p99 acknowledgement of a record", perRecord / NANOS_PER_MILLI, 50, "ms");
      long[] sorted = outcome.latencies().clone();
      Arrays.sort(sorted);
      report.figure("p50 of a request", sorted[sorted.length / 2] / NANOS_PER_MILLI, "ms");
      report.atMost(
          "p99 of a request", sorted[(int) (sorted.length * 0.99)] / NANOS_PER_MILLI, 50, "ms");
    }
  }

  // What ingest's producer is given unless configured otherwise.
  private static Map<String, String> producerSettings() {
    return IngestConfig.at(HttpConfig.of("127.0.0.1", 0)).producer().properties();
  }

  private int valueBytes(Documents documents) {
    return AvroCodec.of(Document.class).encode(documents.sample()).length;
  }

  private static CountAtBucket[] acknowledgements(PrometheusMeterRegistry metrics) {
    Timer timer = metrics.get("tidemill.ingest.acknowledge").tag("kind", "document").timer();
    return timer.takeSnapshot().histogramCounts();
  }

  // The upper bound of the bucket that the quantile lies in.
  private static double quantile(CountAtBucket[] before, CountAtBucket[] after, double share) {
    int last = after.length - 1;
    double total = after[last].count() - before[last].count();
    for (int i = 0; i <= last; i++) {
      if (after[i].count() - before[i].count() >= total * share) {
        return after[i].bucket(TimeUnit.NANOSECONDS);
      }
    }
    return Double.POSITIVE_INFINITY;
  }
}
