package dev.tidemill.model.generate;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.TensorMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which sequences are decoded together, and the stack of adapters that they share. The stack is
/// kept from one token to the next; it is made anew when an adapter comes that it does not hold,
/// and given back when no sequence has any of its adapters.
final class LoraStacks implements AutoCloseable {
  private final DecoderProgram program;
  private final DecoderConfig config;
  private final IValue none = TensorMap.emptyDictionary();
  private final Map<Adapter, Integer> live = new HashMap<>();
  private @Nullable LoraStack stack;

  LoraStacks(DecoderProgram program, DecoderConfig config) {
    this.program = program;
    this.config = config;
  }

  /// What a program call takes for the adapters of its rows.
  ///
  /// @param dictionary of the stack, or of one adapter, or empty
  /// @param mask which row has what of the stack; empty without one
  record Call(IValue dictionary, IValue mask, PtNDArray values) implements AutoCloseable {
    @Override
    public void close() {
      mask.close();
      values.close();
    }
  }

  IValue none() {
    return none;
  }

  /// A sequence has begun with an adapter.
  void begins(Adapter adapter) {
    live.merge(adapter, 1, Integer::sum);
  }

  /// A sequence with an adapter has ended.
  void ended(Adapter adapter) {
    live.computeIfPresent(adapter, (each, count) -> count == 1 ? null : count - 1);
    LoraStack held = stack;
    if (held != null && held.adapters().stream().noneMatch(live::containsKey)) {
      drop();
    }
  }

  /// The fewest batches that one call each can decode: adapters that are low-rank pairs alone go
  /// together, as many as a stack holds, with those that have none; any other goes by itself.
  List<List<DecodeState>> batches(List<DecodeState> states) {
    List<List<DecodeState>> batches = new ArrayList<>();
    Map<Adapter, List<DecodeState>> alone = new HashMap<>();
    Set<Adapter> stacked = new LinkedHashSet<>();
    List<DecodeState> together = new ArrayList<>();
    List<DecodeState> later = new ArrayList<>();
    for (DecodeState state : states) {
      @Nullable Adapter adapter = state.adapter();
      if (adapter == null) {
        together.add(state);
      } else if (!stackable(adapter)) {
        alone.computeIfAbsent(adapter, each -> new ArrayList<>()).add(state);
      } else if (stacked.contains(adapter) || stacked.size() < LoraStack.MOST) {
        stacked.add(adapter);
        together.add(state);
      } else {
        later.add(state);
      }
    }
    if (!together.isEmpty()) {
      batches.add(together);
    }
    batches.addAll(alone.values());
    if (!later.isEmpty()) {
      batches.addAll(batches(later));
    }
    return batches;
  }

  /// A stack is laid out for the processor, where that can be done.
  private boolean stackable(Adapter adapter) {
    return LoraStack.takes(adapter) && program.packs();
  }

  /// What the call for one of the batches takes.
  Call call(List<DecodeState> batch, PtNDManager owner) {
    Set<Adapter> adapters = new LinkedHashSet<>();
    List<@Nullable Adapter> rows = new ArrayList<>();
    for (DecodeState state : batch) {
      rows.add(state.adapter());
      if (state.adapter() != null) {
        adapters.add(state.adapter());
      }
    }
    if (adapters.isEmpty()) {
      return unstacked(none, owner);
    }
    Adapter first = adapters.iterator().next();
    if (!stackable(first)) {
      return unstacked(first.weights().dictionary(), owner);
    }
    LoraStack held = stacked(adapters);
    PtNDArray mask = held.mask(owner, rows);
    return new Call(held.dictionary(), IValue.from(mask), mask);
  }

  private static Call unstacked(IValue dictionary, PtNDManager owner) {
    PtNDArray empty = (PtNDArray) owner.create(new Shape(0));
    return new Call(dictionary, IValue.from(empty), empty);
  }

  /// A stack that holds these: the one there is unless it lacks one of them, or holds more that are
  /// of no use than of use.
  private LoraStack stacked(Set<Adapter> adapters) {
    LoraStack held = stack;
    if (held != null
        && held.adapters().containsAll(adapters)
        && held.adapters().size() <= 2 * adapters.size()) {
      return held;
    }
    drop();
    LoraStack made = new LoraStack(program, config, List.copyOf(adapters));
    stack = made;
    return made;
  }

  private void drop() {
    if (stack != null) {
      stack.close();
      stack = null;
    }
  }

  @Override
  public void close() {
    drop();
    none.close();
  }
}
