package dev.tidemill.curator.io;

import java.util.function.BiConsumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// One passage through a piece of state, some entries at a time, so that records wait for none of
/// it long.
interface Sweep extends AutoCloseable {

  /// Goes on, or begins anew after the end.
  ///
  /// @return whether all has been seen
  boolean some(int entries);

  @Override
  void close();

  /// A passage that is short enough to be made at once.
  static Sweep atOnce(Runnable passage) {
    return new Sweep() {
      @Override
      public boolean some(int entries) {
        passage.run();
        return true;
      }

      @Override
      public void close() {}
    };
  }

  /// A passage over a store. The visitor sees entries as they were when the passage began, and may
  /// change the store.
  static <V> Sweep over(KeyValueStore<String, V> store, BiConsumer<String, V> visitor) {
    return new Sweep() {
      private @Nullable KeyValueIterator<String, V> entries;

      @Override
      public boolean some(int most) {
        @Nullable KeyValueIterator<String, V> open = entries;
        if (open == null) {
          open = store.all();
          entries = open;
        }
        for (int i = 0; i < most; i++) {
          if (!open.hasNext()) {
            close();
            return true;
          }
          KeyValue<String, V> entry = open.next();
          visitor.accept(entry.key, entry.value);
        }
        return false;
      }

      @Override
      public void close() {
        @Nullable KeyValueIterator<String, V> open = entries;
        entries = null;
        if (open != null) {
          open.close();
        }
      }
    };
  }
}
