package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.fuzz.BodyFuzz;
import dev.tidemill.benchmarks.scenario.fuzz.Ledger;
import dev.tidemill.benchmarks.scenario.fuzz.RawFuzz;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.CuratorService;
import dev.tidemill.ingest.IngestConfig;
import dev.tidemill.ingest.IngestService;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.HttpConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.config.Settings;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.logging.Logging;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine;

/// A million records and requests that careless or hostile producers might send, against a real
/// broker, gateway and curator. Every request must be answered by a reason or be acknowledged;
/// every record on a raw topic must come out, be a dead letter, or be counted as repeated,
/// superseded or retracted; nothing may restart.
@CommandLine.Command(name = "fuzz", mixinStandardHelpOptions = true)
public final class Fuzz implements Callable<Integer> {
  private static final List<Topic<?>> RAW =
      List.of(Topics.DOCUMENTS, Topics.DEMONSTRATIONS, Topics.COMPLETIONS, Topics.FEEDBACK);
  private static final Duration QUIET = Duration.ofSeconds(15);
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  @CommandLine.Option(names = "--records", description = "on Kafka; default: ${DEFAULT-VALUE}")
  private int records = 850_000;

  @CommandLine.Option(names = "--requests", description = "over HTTP; default: ${DEFAULT-VALUE}")
  private int requests = 150_000;

  @CommandLine.Option(names = "--seed", description = "default: ${DEFAULT-VALUE}")
  private long seed = 1;

  private final PrometheusMeterRegistry metrics = Metrics.create();
  private final Health health = new Health();
  private final Report report = new Report(System.out);
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong notAcknowledged = new AtomicLong();

  public static void main(String[] args) {
    System.exit(new CommandLine(new Fuzz()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Logging.configure();
    Path folder = Files.createTempDirectory("tidemill-fuzz-");
    try (ChildBroker broker = ChildBroker.start(folder.resolve("broker"))) {
      KafkaConfig kafka = KafkaConfig.of(broker.bootstrapServers());
      KafkaClients clients = new KafkaClients(kafka, "fuzz", metrics);
      try (Admin admin = clients.admin()) {
        TopicCreation.ensure(admin, (short) 1);
      }
      try (CuratorService curator =
              new CuratorService(context("curator", kafka, folder), curatorConfig(folder));
          IngestService ingest =
              new IngestService(
                  context("ingest", kafka, folder),
                  IngestConfig.at(HttpConfig.of("127.0.0.1", 0)))) {
        curator.start();
        ingest.start();
        long begin = System.nanoTime();
        HttpFuzz http = new HttpFuzz(ingest.port(), new BodyFuzz(seed), requests);
        Thread caller = Thread.ofPlatform().name("fuzz-http").start(http);
        produce(clients);
        caller.join();
        report.figure("sent in", (System.nanoTime() - begin) / 1e9, "s");
        awaitQuiet(clients);
        report.figure("taken in after", (System.nanoTime() - begin) / 1e9, "s");
        judge(http, Ledger.of(clients));
      }
    } finally {
      ChildBroker.delete(folder);
    }
    return report.exitCode();
  }

  private ServiceContext context(String name, KafkaConfig kafka, Path folder) {
    return new ServiceContext(
        name,
        new KafkaClients(kafka, name, metrics),
        metrics,
        new DirectoryArtifactStore(folder.resolve("artifacts"), null, List.of()),
        health,
        InstantSource.system());
  }

  // Feedback that waits, for a completion or for others to bear it out, is given up soon, so that
  // the end can be told.
  private static CuratorConfig curatorConfig(Path folder) throws IOException {
    Path settings = folder.resolve("curator.yaml");
    Files.writeString(
        settings,
        """
        curator:
          state_directory: %s
          join: {settle: 200ms, orphan_retention: 20s}
          guard: {hold: 20s}
        """
            .formatted(folder.resolve("state")));
    return Settings.load(settings, Map.of()).section("curator", CuratorConfig.class);
  }

  private void produce(KafkaClients clients) {
    Corpus corpus = new Corpus(seed);
    RawFuzz fuzz = new RawFuzz(seed, number -> corpus.document(number).getText(), 50_000);
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                clients.config().bootstrapServers(),
                ProducerConfig.LINGER_MS_CONFIG,
                20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < records; i++) {
        var _ =
            producer.send(
                fuzz.next(i),
                (metadata, error) ->
                    (error == null ? acknowledged : notAcknowledged).incrementAndGet());
      }
    }
  }

  // Nothing is left to read, nothing waits, and what came out has not changed for a while.
  private void awaitQuiet(KafkaClients clients) throws Exception {
    long limit = System.nanoTime() + PATIENCE.toNanos();
    long since = System.nanoTime();
    String before = "";
    try (Admin admin = clients.admin()) {
      while (System.nanoTime() < limit && System.nanoTime() - since < QUIET.toNanos()) {
        String now = state(admin);
        if (!now.equals(before) || !now.startsWith("0 0.0 ")) {
          since = System.nanoTime();
        }
        before = now;
        System.err.println("to be read, waiting, counted: " + now);
        Thread.sleep(2_000);
      }
    }
    report.atMost(
        "still to be read or waiting at the end", before.startsWith("0 0.0 ") ? 0 : 1, 0, "");
  }

  private String state(Admin admin) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin
            .listConsumerGroupOffsets(CuratorService.APPLICATION_ID)
            .partitionsToOffsetAndMetadata()
            .get();
    // Behind the records of internal topics lie markers of transactions, which nobody reads; what
    // is in there shows by the counters.
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    committed.keySet().stream()
        .filter(partition -> isRaw(partition.topic()))
        .forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    long lag = latest.isEmpty() ? 1 : 0;
    for (var end : admin.listOffsets(latest).all().get().entrySet()) {
      OffsetAndMetadata at = Objects.requireNonNull(committed.get(end.getKey()));
      lag += end.getValue().offset() - at.offset();
    }
    double parked =
        metrics.get("tidemill.curator.feedback.parked").gauge().value()
            + metrics.get("tidemill.curator.feedback.held").gauge().value();
    return lag + " " + parked + " " + counted();
  }

  private static boolean isRaw(String topic) {
    return RAW.stream().anyMatch(each -> each.name().equals(topic));
  }

  private double counted() {
    return metrics.find("tidemill.curator.records").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private long counted(Topic<?> topic, String... outcomes) {
    return Stream.of(outcomes)
        .flatMap(
            outcome ->
                metrics
                    .find("tidemill.curator.records")
                    .tags("topic", topic.name(), "outcome", outcome)
                    .counters()
                    .stream())
        .mapToLong(counter -> (long) counter.count())
        .sum();
  }

  private void judge(HttpFuzz http, Ledger ledger) {
    report.count("records written to Kafka", acknowledged.get());
    report.none("records that Kafka refused", notAcknowledged.get());
    new TreeMap<>(http.statuses())
        .forEach((status, count) -> report.count("answers " + status, count));
    report.none("requests without an answer", http.unanswered());
    report.none("answers of 5xx but 503", http.serverErrors());
    long raw = RAW.stream().mapToLong(ledger::records).sum();
    report.count("records on the raw topics", raw);
    report.none(
        "records acknowledged and not there",
        Math.max(0, acknowledged.get() + http.accepted() - raw));
    unexplained(ledger, Topics.DOCUMENTS, counted(Topics.DOCUMENTS, "repeated"));
    unexplained(ledger, Topics.DEMONSTRATIONS, counted(Topics.DEMONSTRATIONS, "repeated"));
    // A completion that nobody spoke of stays with the join.
    long kept = counted(Topics.COMPLETIONS, "accepted", "refused", "repeated");
    report.none("completions unexplained", Math.abs(ledger.records(Topics.COMPLETIONS) - kept));
    unexplained(
        ledger,
        Topics.FEEDBACK,
        counted(Topics.FEEDBACK, "repeated", "superseded", "unchanged", "retracted", "applied"));
    report.none("dead letters given twice", ledger.deadTwice());
    report.none("outputs from no record", ledger.fromNowhere());
    new TreeMap<>(ledger.reasons())
        .forEach((reason, count) -> report.count("dead letters: " + reason, count));
    report.none(
        "stream threads replaced",
        (long) metrics.get("tidemill.curator.thread.failures").counter().count());
    report.none("services not alive", health.live().ok() ? 0 : 1);
    report.none("services not ready", health.ready().ok() ? 0 : 1);
  }

  private void unexplained(Ledger ledger, Topic<?> topic, long counted) {
    report.count(topic.name() + ": records", ledger.records(topic));
    report.count(topic.name() + ": dead letters", ledger.deadLetters(topic));
    report.count(topic.name() + ": counted, without output", counted);
    report.none(topic.name() + ": unexplained", Math.abs(ledger.withoutOutput(topic) - counted));
  }
}
