package dev.tidemill.curator.io;

import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/// What one task does with its records. It is made when the task starts, its stores restored, so
/// that its fields can be final; Kafka Streams' own processors are made before.
interface Work<K, V> extends AutoCloseable {

  void process(Record<K, V> incoming);

  /// Lets go of what the meters hold; the stores belong to Kafka Streams.
  @Override
  void close();

  /// A processor of this work over these stores.
  static <K, V> ProcessorSupplier<K, V, String, Output> supplier(
      Stage stage,
      List<StoreBuilder<?>> stores,
      BiFunction<Stage, ProcessorContext<String, Output>, Work<K, V>> maker) {
    return new ProcessorSupplier<>() {
      @Override
      public Processor<K, V, String, Output> get() {
        return new Adapter<>(stage, maker);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return Set.copyOf(stores);
      }
    };
  }

  /// Makes the work on `init` and passes everything on to it.
  final class Adapter<K, V> implements Processor<K, V, String, Output> {
    private final Stage stage;
    private final BiFunction<Stage, ProcessorContext<String, Output>, Work<K, V>> maker;
    private @Nullable Work<K, V> work;

    Adapter(Stage stage, BiFunction<Stage, ProcessorContext<String, Output>, Work<K, V>> maker) {
      this.stage = stage;
      this.maker = maker;
    }

    @Override
    public void init(ProcessorContext<String, Output> context) {
      work = maker.apply(stage, context);
    }

    @Override
    public void process(Record<K, V> incoming) {
      Work<K, V> begun = work;
      if (begun == null) {
        throw new IllegalStateException("a record came before init");
      }
      begun.process(incoming);
    }

    @Override
    public void close() {
      Work<K, V> begun = work;
      work = null;
      if (begun != null) {
        begun.close();
      }
    }
  }
}
