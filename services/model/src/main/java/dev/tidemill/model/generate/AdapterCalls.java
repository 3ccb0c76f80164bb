package dev.tidemill.model.generate;

import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.kernel.LowRank;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.TensorMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which sequences are decoded together, and what a program call takes for the adapters of its
/// rows. Adapters that are low-rank pairs alone go together, as many as there are, each in a slot
/// of its own; any other goes by itself.
final class AdapterCalls implements AutoCloseable {
  private final IValue none = TensorMap.emptyDictionary();
  private final LoraSlots slots;

  AdapterCalls(DecoderProgram program, DecoderConfig config) {
    slots = new LoraSlots(program, config);
  }

  /// What a program call takes.
  ///
  /// @param dictionary the tables of all low-rank adapters, or one adapter of another method, or
  ///     empty
  /// @param slots of the first rows, which have low-rank adapters; the others have none
  record Call(IValue dictionary, IValue slots) implements AutoCloseable {
    @Override
    public void close() {
      slots.close();
    }
  }

  IValue none() {
    return none;
  }

  /// A sequence has begun with an adapter.
  void begins(Adapter adapter) {
    if (LoraSlots.takes(adapter)) {
      slots.begins(adapter);
    }
  }

  /// A sequence with an adapter has ended.
  void ended(Adapter adapter) {
    if (LoraSlots.takes(adapter)) {
      slots.ended(adapter);
    }
  }

  /// The fewest batches that one call each can decode, rows with low-rank adapters first.
  static List<List<DecodeState>> batches(List<DecodeState> states) {
    List<DecodeState> together = new ArrayList<>();
    List<DecodeState> plain = new ArrayList<>();
    Map<Adapter, List<DecodeState>> alone = new HashMap<>();
    for (DecodeState state : states) {
      @Nullable Adapter adapter = state.adapter();
      if (adapter == null) {
        plain.add(state);
      } else if (LoraSlots.takes(adapter)) {
        together.add(state);
      } else {
        alone.computeIfAbsent(adapter, each -> new ArrayList<>()).add(state);
      }
    }
    together.addAll(plain);
    List<List<DecodeState>> batches = new ArrayList<>(alone.values());
    if (!together.isEmpty()) {
      batches.addFirst(together);
    }
    return batches;
  }

  /// What the call for one of the batches takes.
  Call call(List<DecodeState> batch) {
    long[] lie = slots(batch);
    @Nullable Adapter first = batch.getFirst().adapter();
    IValue dictionary = none;
    if (lie.length > 0) {
      dictionary = slots.dictionary();
    } else if (first != null) {
      dictionary = first.weights().dictionary();
    }
    return new Call(dictionary, IValue.listFrom(lie));
  }

  /// Slots of the low-rank adapters of one of the batches, which its first rows have.
  long[] slots(List<DecodeState> batch) {
    return slots.slots(
        batch.stream()
            .map(DecodeState::adapter)
            .flatMap(Stream::ofNullable)
            .filter(LoraSlots::takes)
            .toList());
  }

  /// Where pairs lie in the slots, by the whole name of a group of linears.
  Map<String, LowRank> pairs() {
    return slots.pairs();
  }

  @Override
  public void close() {
    slots.close();
    none.close();
  }
}
