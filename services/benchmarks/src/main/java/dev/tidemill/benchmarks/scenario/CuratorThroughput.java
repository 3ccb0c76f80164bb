package dev.tidemill.benchmarks.scenario;

import com.sun.management.OperatingSystemMXBean;
import dev.tidemill.broker.EmbeddedBroker;
import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.CuratorService;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Document;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.artifact.DirectoryArtifactStore;
import dev.tidemill.platform.config.ArtifactsConfig;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.health.Health;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.logging.Logging;
import dev.tidemill.platform.metrics.Metrics;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine;

/// How many documents a second the curator takes through every filter, broker included, and whether
/// the cost of one stays the same as the state grows.
///
/// Documents are written in blocks, and the next block is made and written when all of the last
/// has come out, so that what a block costs is the cost of all stages for it. Making them does not
/// count. The curator's outputs are read as they are committed, and every document must be in them
/// exactly once.
@CommandLine.Command(name = "curator-throughput", mixinStandardHelpOptions = true)
public final class CuratorThroughput implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int BLOCK = 10_000;
  private static final int FIRST = BLOCK;
  // Other work on the machine makes a document take longer, but hardly dearer.
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  @CommandLine.Option(names = "--documents", description = "default: ${DEFAULT-VALUE}")
  private int documents = 1_000_000;

  @CommandLine.Option(names = "--threads", description = "of the curator; its default unless told")
  private int threads;

  private final Corpus corpus = new Corpus(17);
  private final PrometheusMeterRegistry metrics = Metrics.create();
  private final Report report = new Report(System.out);

  public static void main(String[] arguments) {
    Logging.configure();
    System.exit(new CommandLine(new CuratorThroughput()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    Path directory = Files.createTempDirectory("curator-throughput-");
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0, 0)) {
      KafkaClients kafka =
          new KafkaClients(KafkaConfig.of(broker.bootstrapServers()), "scenario", metrics);
      try (Admin admin = kafka.admin()) {
        TopicCreation.ensure(admin, (short) 1);
      }
      ServiceContext context =
          new ServiceContext(
              "curator",
              new KafkaClients(KafkaConfig.of(broker.bootstrapServers()), "curator", metrics),
              metrics,
              DirectoryArtifactStore.of(
                  new ArtifactsConfig(directory.resolve("artifacts"), null, List.of())),
              new Health(),
              Clock.systemUTC());
      try (CuratorService curator = new CuratorService(context, config(directory))) {
        curator.start();
        measure(kafka);
      }
    } finally {
      ChildBroker.delete(directory);
    }
    return report.exitCode();
  }

  private CuratorConfig config(Path directory) {
    CuratorConfig defaults = CuratorConfig.of(directory.resolve("state"));
    return threads == 0 ? defaults : defaults.with(defaults.streams().withThreads(threads));
  }

  private List<ProducerRecord<String, byte[]>> block(AvroCodec<Document> codec, int from, int to) {
    return IntStream.range(from, to)
        .parallel()
        .mapToObj(corpus::document)
        .map(
            document ->
                new ProducerRecord<>(
                    Topics.DOCUMENTS.name(), document.getKey(), codec.encode(document)))
        .toList();
  }

  private void measure(KafkaClients kafka) {
    AvroCodec<Document> codec = kafka.codec(Topics.DOCUMENTS);
    Outputs outputs = new Outputs(kafka.codec(Topics.DEAD_LETTERS), codec);
    List<Block> blocks = new ArrayList<>();
    long bytes = 0;
    try (Producer<String, byte[]> producer = kafka.producer("documents");
        Consumer<String, byte[]> reader = kafka.consumer("outputs", null)) {
      List<TopicPartition> partitions =
          Stream.of(Topics.CURATED_DOCUMENTS, Topics.HOLDOUT, Topics.DEAD_LETTERS)
              .flatMap(
                  topic ->
                      IntStream.range(0, topic.partitions())
                          .mapToObj(i -> new TopicPartition(topic.name(), i)))
              .toList();
      reader.assign(partitions);
      reader.seekToBeginning(partitions);
      for (int from = 0; from < documents && outputs.total() == from; from += BLOCK) {
        int to = Math.min(documents, from + BLOCK);
        List<ProducerRecord<String, byte[]>> records = block(codec, from, to);
        bytes += records.stream().mapToLong(record -> record.value().length).sum();
        long time = System.nanoTime();
        long processor = PROCESS.getProcessCpuTime();
        records.forEach(
            record -> {
              var _ = producer.send(record);
            });
        await(reader, outputs, to);
        blocks.add(
            new Block(from, to, System.nanoTime() - time, PROCESS.getProcessCpuTime() - processor));
      }
    }
    report.figure("bytes of a raw document", (double) bytes / documents, "bytes");
    report(outputs, blocks);
  }

  private static void await(Consumer<String, byte[]> reader, Outputs outputs, int count) {
    long heard = System.nanoTime();
    while (outputs.total() < count && System.nanoTime() - heard < PATIENCE.toNanos()) {
      for (ConsumerRecord<String, byte[]> record : reader.poll(Duration.ofMillis(50))) {
        outputs.take(record);
        heard = System.nanoTime();
      }
    }
  }

  private void report(Outputs outputs, List<Block> blocks) {
    for (int to = FIRST; to < documents; to *= 10) {
      int end = Math.min(documents, to * 10);
      report.figure("documents/s from %d to %d".formatted(to, end), rate(blocks, to, end), "1/s");
    }
    report.atLeast(
        "documents/s after the first 10000", rate(blocks, FIRST, documents), 2_000, "1/s");
    // Compiling makes the beginning dear, so the cheaper of two beginnings counts.
    double early = cost(blocks, FIRST, Math.min(100_000, documents / 2));
    double next = cost(blocks, Math.min(100_000, documents / 5), documents / 2);
    double late = cost(blocks, documents - documents / 10, documents);
    report.figure("processor time of one, from 10000", early, "us");
    report.figure("processor time of one, from 100000 to half", next, "us");
    report.figure("processor time of one, the last tenth", late, "us");
    report.atMost("cost at the end against before", late / Math.min(early, next), 1.25, "");
    outputs.reasons.forEach((reason, count) -> report.figure("refused: " + reason, count, ""));
    int near = (int) IntStream.range(0, documents).filter(Corpus::isNear).count();
    int same = (int) IntStream.range(0, documents).filter(Corpus::isSame).count();
    report.atLeast("near duplicates found", of(outputs, "near_duplicate") / near, 0.95, "");
    report.atMost("near duplicates claimed", of(outputs, "near_duplicate") / near, 1.001, "");
    report.atLeast("same texts found", of(outputs, "duplicate") / same, 1, "");
    report.atLeast("accepted and refused", outputs.total(), documents, "");
    report.atMost("documents seen twice", outputs.twice, 0, "");
    report.atMost("documents missing", documents - outputs.numbers.cardinality(), 0, "");
    double kept = gauge(metrics, "tidemill.curator.near.documents");
    double state = gauge(metrics, "tidemill.curator.near.state.bytes");
    report.figure("documents in the near stage's state", kept, "");
    report.figure("its bytes for a million documents", state / kept * 1e6, "bytes");
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    double heap = runtime.totalMemory() - runtime.freeMemory();
    report.atMost("heap used at the end, broker included", heap / (1 << 20), 8_192, "MiB");
  }

  private static double of(Outputs outputs, String reason) {
    return outputs.reasons.getOrDefault(reason, 0);
  }

  private static double gauge(MeterRegistry metrics, String name) {
    return metrics.get(name).gauge().value();
  }

  // Documents a second in the blocks between both counts.
  private static double rate(List<Block> blocks, int from, int to) {
    long nanos = within(blocks, from, to).mapToLong(Block::nanos).sum();
    return within(blocks, from, to).mapToLong(Block::documents).sum() * 1e9 / nanos;
  }

  // Microseconds of processor time a document, broker and reader included.
  private static double cost(List<Block> blocks, int from, int to) {
    long nanos = within(blocks, from, to).mapToLong(Block::processorNanos).sum();
    return nanos / 1e3 / within(blocks, from, to).mapToLong(Block::documents).sum();
  }

  private static Stream<Block> within(List<Block> blocks, int from, int to) {
    return blocks.stream().filter(block -> block.from() >= from && block.to() <= to);
  }

  /// What the documents of these numbers took, from the first one's writing to the last one's
  /// coming out.
  private record Block(int from, int to, long nanos, long processorNanos) {
    long documents() {
      return (long) to - from;
    }
  }

  /// What came out, by the number of the document.
  private static final class Outputs {
    private final AvroCodec<DeadLetter> deadLetters;
    private final AvroCodec<Document> codec;
    private final BitSet numbers = new BitSet();
    private final Map<String, Integer> reasons = new TreeMap<>();
    private int taken;
    private int twice;

    Outputs(AvroCodec<DeadLetter> deadLetters, AvroCodec<Document> codec) {
      this.deadLetters = deadLetters;
      this.codec = codec;
    }

    int total() {
      return taken;
    }

    void take(ConsumerRecord<String, byte[]> record) {
      int number =
          record.topic().equals(Topics.DEAD_LETTERS.name())
              ? refused(record.value())
              : Corpus.numberOf(record.key());
      taken++;
      if (numbers.get(number)) {
        twice++;
      }
      numbers.set(number);
    }

    private int refused(byte[] value) {
      try {
        DeadLetter letter = deadLetters.decode(value);
        reasons.merge(letter.getReason(), 1, Integer::sum);
        ByteBuffer payload = Objects.requireNonNull(letter.getPayload());
        byte[] bytes = new byte[payload.remaining()];
        payload.get(bytes);
        return Corpus.numberOf(codec.decode(bytes).getId());
      } catch (MalformedRecordException e) {
        throw new IllegalStateException("a dead letter of the curator cannot be read", e);
      }
    }
  }
}
