package dev.tidemill.curator;

import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.curator.domain.JoinTimes;
import dev.tidemill.curator.domain.Limits;
import dev.tidemill.curator.domain.near.NearRules;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.io.CuratorMetrics;
import dev.tidemill.curator.io.CuratorTopology;
import dev.tidemill.curator.io.Stage;
import dev.tidemill.curator.text.LanguageRules;
import dev.tidemill.curator.text.Licences;
import dev.tidemill.curator.text.Quality;
import dev.tidemill.curator.text.Sources;
import dev.tidemill.curator.text.pii.PiiRules;
import dev.tidemill.events.Completion;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Holdout;
import dev.tidemill.platform.config.KafkaConfig;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/// The whole topology on Kafka's test driver, with a clock that the test moves.
public final class Bench implements AutoCloseable {
  /// Nothing is held out, unless a test says so.
  public static final HoldoutSplit NOTHING_HELD_OUT = new HoldoutSplit(0.0, "test");

  /// Nothing is asked of texts and of where they come from.
  public static final CuratorConfig.TextRules NOTHING_ASKED =
      new CuratorConfig.TextRules(
          Quality.OFF, LanguageRules.OFF, PiiRules.OFF, Sources.ALL, Licences.ANY);

  public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Path state;
  private final TopologyTestDriver driver;
  private long now = Records.START.toEpochMilli();
  private long readUntil = Long.MAX_VALUE;

  public Bench() {
    this(NOTHING_HELD_OUT, Caps.DEFAULT);
  }

  public Bench(HoldoutSplit holdout, Caps caps) {
    this(holdout, caps, Limits.DEFAULT, JoinTimes.DEFAULT);
  }

  public Bench(HoldoutSplit holdout, Caps caps, Limits limits, JoinTimes join) {
    this(config(holdout, caps, limits, join, NOTHING_ASKED));
  }

  /// A bench of this configuration, whose state directory is removed in the end.
  public Bench(CuratorConfig config) {
    this(config, Topics.FEEDBACK.partitions());
  }

  /// The same, in which a task takes itself for one of so many. Here there is one of each stage.
  public Bench(CuratorConfig config, int tasks) {
    state = config.streams().stateDirectory();
    Stage stage =
        Stage.of(
                config,
                new KafkaClients(KafkaConfig.of("nowhere:1"), "test", meters),
                new CuratorMetrics(meters),
                partition -> readUntil,
                () -> {})
            .with(tasks);
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    driver = new TopologyTestDriver(CuratorTopology.of(stage), properties, Records.START);
  }

  /// A new directory for the state.
  public static Path temporary() {
    try {
      return Files.createTempDirectory("curator-test-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Nothing is asked of texts and where they come from but this.
  public static Bench screening(
      Quality quality, LanguageRules language, PiiRules pii, Sources sources, Licences licences) {
    return new Bench(
        config(
            NOTHING_HELD_OUT,
            Caps.DEFAULT,
            Limits.DEFAULT,
            JoinTimes.DEFAULT,
            new CuratorConfig.TextRules(quality, language, pii, sources, licences)));
  }

  private static CuratorConfig config(
      HoldoutSplit holdout,
      Caps caps,
      Limits limits,
      JoinTimes join,
      CuratorConfig.TextRules text) {
    return new CuratorConfig(
        new CuratorConfig.Streams(temporary(), 1, Duration.ofMillis(100)),
        holdout,
        limits,
        join,
        new CuratorConfig.Dedupe(Duration.ofDays(1), 1_000),
        NearRules.DEFAULT,
        caps,
        Guard.DEFAULT,
        text,
        CuratorConfig.Erasure.DEFAULT);
  }

  public void send(Document document) {
    send(Topics.DOCUMENTS, document.getKey(), document);
  }

  public void send(Demonstration demonstration) {
    send(Topics.DEMONSTRATIONS, demonstration.getId(), demonstration);
  }

  public void send(Completion completion) {
    send(Topics.COMPLETIONS, completion.getId(), completion);
  }

  public void send(Feedback feedback) {
    send(Topics.FEEDBACK, feedback.getCompletionId(), feedback);
  }

  public void send(Erasure erasure) {
    send(Topics.ERASURES, erasure.getSubject(), erasure);
  }

  /// Tombstones written to a topic since the last look.
  public List<TestRecord<String, byte[]>> tombstones(Topic<?> topic) {
    return driver
        .createOutputTopic(topic.name(), new StringDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  /// What the store of this name holds under each key.
  public <V> Map<String, V> stored(String store) {
    Map<String, V> entries = new HashMap<>();
    KeyValueStore<String, V> stored = driver.getKeyValueStore(store);
    try (KeyValueIterator<String, V> all = stored.all()) {
      all.forEachRemaining(entry -> entries.put(entry.key, entry.value));
    }
    return entries;
  }

  public <T extends SpecificRecord> void send(Topic<T> topic, String key, T value) {
    send(topic, key.getBytes(StandardCharsets.UTF_8), AvroCodec.of(topic.type()).encode(value));
  }

  public void send(Topic<?> topic, byte @Nullable [] key, byte @Nullable [] value) {
    driver
        .createInputTopic(topic.name(), new ByteArraySerializer(), new ByteArraySerializer())
        .pipeInput(new TestRecord<>(key, value, java.time.Instant.ofEpochMilli(now)));
  }

  /// Moves the clock, in steps that let each tick happen.
  public void pass(Duration duration) {
    now += duration.toMillis();
    driver.advanceWallClockTime(duration);
  }

  /// From here on what came after `time` counts as not read.
  public void readUntil(Instant time) {
    readUntil = time.toEpochMilli();
  }

  /// Lets feedback settle.
  public void settle() {
    pass(Duration.ofMillis(1_100));
  }

  public List<Example> examples() {
    return read(Topics.EXAMPLES).stream().map(TestRecord::value).toList();
  }

  public List<TestRecord<String, Example>> exampleRecords() {
    return read(Topics.EXAMPLES);
  }

  public List<TestRecord<String, Holdout>> holdout() {
    return read(Topics.HOLDOUT);
  }

  public List<TestRecord<String, CuratedDocument>> documents() {
    return read(Topics.CURATED_DOCUMENTS);
  }

  public List<DeadLetter> deadLetters() {
    return read(Topics.DEAD_LETTERS).stream().map(TestRecord::value).toList();
  }

  /// Reasons of the dead letters since the last look.
  public List<String> reasons() {
    return deadLetters().stream().map(DeadLetter::getReason).toList();
  }

  /// What the counter of this name counts under these tags.
  public double count(String name, String... tags) {
    return meters.get(name).tags(tags).counter().count();
  }

  public double gauge(String name) {
    return meters.get(name).gauge().value();
  }

  @Override
  public void close() {
    driver.close();
    try (Stream<Path> all = Files.walk(state)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private <T extends SpecificRecord> List<TestRecord<String, T>> read(Topic<T> topic) {
    AvroCodec<T> codec = AvroCodec.of(topic.type());
    List<TestRecord<String, T>> read = new ArrayList<>();
    for (TestRecord<String, byte[]> written :
        driver
            .createOutputTopic(topic.name(), new StringDeserializer(), new ByteArrayDeserializer())
            .readRecordsToList()) {
      try {
        read.add(
            new TestRecord<>(
                written.key(), codec.decode(written.value()), written.getRecordTime()));
      } catch (MalformedRecordException e) {
        throw new AssertionError("the curator wrote what cannot be read", e);
      }
    }
    return read;
  }
}
