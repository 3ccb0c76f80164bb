package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.platform.kafka.Partitions;
import dev.tidemill.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/// The curator's topology:
///
/// ```
/// documents ──► [documents] ── by key ──► [near-documents] ──► documents.curated | holdout
/// demonstrations ─────────► [demonstrations] ─────────────────────┐ by key
/// completions ─┐                                                  ▼
/// feedback ────┴──► [join] ── by subject ──► [damping] ── by key ──► [examples]
///                                        ▲                   │  ──► examples | holdout
///                                        └────── trust ◄─────┘
/// every stage ──► deadletters
/// ```
///
/// Stages are {@link DocumentProcessor}, {@link NearProcessor}, {@link DemonstrationProcessor},
/// {@link JoinProcessor}, {@link DampingProcessor} and {@link ExampleProcessor}.
public final class CuratorTopology {
  /// Of the internal topics, as of the raw ones.
  static final int PARTITIONS = Topics.FEEDBACK.partitions();

  private static final Serde<String> STRING = Serdes.String();
  private static final Serde<Output> PUBLISHED =
      Serdes.serdeFrom(
          (topic, output) ->
              switch (output) {
                case Output.Publish publish -> publish.value().get();
                case Output.Erase erase -> null;
                case Output.Forward forward ->
                    throw new IllegalStateException("evidence is not for " + topic);
                case Output.Pass pass ->
                    throw new IllegalStateException("an unfinished document is not for " + topic);
              },
          (topic, bytes) -> {
            throw new IllegalStateException("what is published is not read back");
          });

  private CuratorTopology() {}

  /// Topics in which the tasks acknowledge erasures, one for each stage and one partition for each
  /// task: a key is a partition of `.erasures`, its value the offset up to which the task has
  /// forgotten.
  public static List<String> acknowledgements(String applicationId) {
    return Stream.of(
            DocumentProcessor.ERASED,
            NearProcessor.ERASED,
            DemonstrationProcessor.ERASED,
            JoinProcessor.ERASED,
            DampingProcessor.ERASED,
            ExampleProcessor.ERASED)
        .map(store -> applicationId + "-" + store + "-changelog")
        .toList();
  }

  /// The offset in such a record; empty for a record that holds none.
  public static Optional<Long> acknowledgedOffset(String key, byte @Nullable [] value) {
    return key.equals(Erasing.AT) || value == null
        ? Optional.empty()
        : Optional.of(new LongDeserializer().deserialize("", value));
  }

  /// The topology over this stage.
  public static Topology of(Stage stage) {
    CuratorSerdes serdes = new CuratorSerdes();
    StreamsBuilder builder = new StreamsBuilder();
    stage.erasures().addTo(builder);
    stage.neighbours().addTo(builder);
    Consumed<byte[], byte[]> bytes = Consumed.with(Serdes.ByteArray(), Serdes.ByteArray());

    KStream<String, Output> documents =
        builder.stream(Topics.DOCUMENTS.name(), bytes)
            .process(
                Work.supplier(
                    stage,
                    List.of(
                        memory(DocumentProcessor.IDS),
                        memory(DocumentProcessor.TEXTS),
                        progress(DocumentProcessor.ERASED)),
                    DocumentProcessor::new),
                Named.as("documents"));
    KStream<String, Output> distinct =
        documents
            .flatMapValues(CuratorTopology::fingerprinted)
            .repartition(
                Repartitioned.<String, Fingerprinted>as("near")
                    .withKeySerde(STRING)
                    .withValueSerde(serdes.fingerprinted())
                    .withNumberOfPartitions(stage.config().near().partitions()))
            .process(
                Work.supplier(
                    stage,
                    List.of(
                        store(
                            Stores.inMemoryKeyValueStore(NearProcessor.DOCUMENTS),
                            Serdes.Integer(),
                            Serdes.ByteArray()),
                        progress(NearProcessor.ERASED)),
                    NearProcessor::new),
                Named.as("near-documents"));
    KStream<String, Output> demonstrations =
        builder.stream(Topics.DEMONSTRATIONS.name(), bytes)
            .process(
                Work.supplier(
                    stage,
                    List.of(
                        memory(DemonstrationProcessor.IDS),
                        progress(DemonstrationProcessor.ERASED)),
                    DemonstrationProcessor::new),
                Named.as("demonstrations"));
    KStream<String, Output> joined =
        builder.stream(List.of(Topics.COMPLETIONS.name(), Topics.FEEDBACK.name()), bytes)
            .process(
                Work.supplier(stage, joinStores(serdes), JoinProcessor::new), Named.as("join"));
    // What the last stage learns of subjects comes back to the stage that reads by subject.
    KStream<String, Heard> judged =
        builder.stream(Topics.TRUST.name(), Consumed.with(STRING, new Serdes.ByteArraySerde()))
            .mapValues(change -> (Heard) new Heard.Changed(change));
    KStream<String, Output> damped =
        repartitioned(evidence(joined), "by-subject", serdes)
            .mapValues(evidence -> (Heard) new Heard.Said(evidence))
            .merge(judged)
            .process(
                Work.supplier(
                    stage,
                    List.of(
                        memory(DampingProcessor.CLAIMS),
                        inMemory(DampingProcessor.BURSTS, serdes.burst()),
                        inMemory(DampingProcessor.STANDINGS, serdes.standing()),
                        inMemory(DampingProcessor.HELD, serdes.evidence()),
                        progress(DampingProcessor.ERASED)),
                    DampingProcessor::new),
                Named.as("damping"));
    KStream<String, Output> examples =
        repartitioned(evidence(demonstrations).merge(evidence(damped)), "by-key", serdes)
            .process(
                Work.supplier(
                    stage,
                    List.of(
                        memory(ExampleProcessor.IDS),
                        inMemory(ExampleProcessor.BALLOTS, serdes.ballots()),
                        inMemory(ExampleProcessor.CAMPAIGNS, serdes.campaign()),
                        progress(ExampleProcessor.ERASED)),
                    ExampleProcessor::new),
                Named.as("examples"));

    for (KStream<String, Output> output :
        List.of(documents, distinct, demonstrations, joined, damped, examples)) {
      output
          .filter((key, value) -> value instanceof Output.Publish || value instanceof Output.Erase)
          .to(
              (key, value, context) -> topic(value),
              Produced.with(STRING, PUBLISHED)
                  .withStreamPartitioner(
                      (topic, key, value, count) -> Optional.of(Set.of(partition(value, count)))));
    }
    return builder.build();
  }

  private static KStream<String, Evidence> evidence(KStream<String, Output> outputs) {
    return outputs.flatMapValues(
        output ->
            switch (output) {
              case Output.Forward(Evidence evidence) -> List.of(evidence);
              case Output.Pass pass -> List.<Evidence>of();
              case Output.Publish publish -> List.<Evidence>of();
              case Output.Erase erase -> List.<Evidence>of();
            });
  }

  private static List<Fingerprinted> fingerprinted(Output output) {
    return switch (output) {
      case Output.Pass(Fingerprinted document) -> List.of(document);
      case Output.Forward forward -> List.of();
      case Output.Publish publish -> List.of();
      case Output.Erase erase -> List.of();
    };
  }

  private static KStream<String, Evidence> repartitioned(
      KStream<String, Evidence> evidence, String name, CuratorSerdes serdes) {
    return evidence.repartition(
        Repartitioned.<String, Evidence>as(name)
            .withKeySerde(STRING)
            .withValueSerde(serdes.evidence())
            .withNumberOfPartitions(PARTITIONS));
  }

  private static String topic(Output output) {
    return switch (output) {
      case Output.Publish publish -> publish.topic();
      case Output.Erase erase -> erase.place().getTopic();
      case Output.Forward forward -> throw new IllegalStateException("evidence has no topic");
      case Output.Pass pass -> throw new IllegalStateException("what passes on has no topic");
    };
  }

  private static int partition(Output output, int count) {
    return switch (output) {
      case Output.Publish publish -> Partitions.of(publish.beside(), count);
      case Output.Erase erase -> erase.place().getPartition();
      case Output.Forward forward -> throw new IllegalStateException("evidence has no topic");
      case Output.Pass pass -> throw new IllegalStateException("what passes on has no topic");
    };
  }

  // Completions are long and many, so their store is on disk; all others are small and on the heap.
  private static List<StoreBuilder<?>> joinStores(CuratorSerdes serdes) {
    List<StoreBuilder<?>> stores = new ArrayList<>();
    stores.add(memory(JoinProcessor.IDS));
    stores.add(progress(JoinProcessor.ERASED));
    stores.add(inMemory(JoinProcessor.TIMERS, Serdes.Integer()));
    stores.add(store(Stores.persistentKeyValueStore(JoinProcessor.JOINS), serdes.joinState()));
    return stores;
  }

  private static StoreBuilder<?> progress(String name) {
    return inMemory(name, Serdes.Long());
  }

  private static StoreBuilder<?> memory(String name) {
    return inMemory(name, STRING);
  }

  private static <V> StoreBuilder<?> inMemory(String name, Serde<V> values) {
    return store(Stores.inMemoryKeyValueStore(name), values);
  }

  private static <V> StoreBuilder<?> store(KeyValueBytesStoreSupplier supplier, Serde<V> values) {
    return store(supplier, STRING, values);
  }

  private static <K, V> StoreBuilder<?> store(
      KeyValueBytesStoreSupplier supplier, Serde<K> keys, Serde<V> values) {
    return Stores.keyValueStoreBuilder(supplier, keys, values).withCachingDisabled();
  }
}
