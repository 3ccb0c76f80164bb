package dev.tidemill.model.generate;

import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.kernel.LowRank;
import dev.tidemill.model.program.DecoderProgram;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Which low-rank adapter lies in which slot of the [LoraTables]. An adapter gets one when a
/// sequence is first decoded with it, and keeps it after its last sequence until another wants it.
/// The tables are made when the first adapter comes, and anew when there are more of them at once
/// than slots, or one that is wider than any before or has a pair where none had. They go when no
/// sequence has an adapter any more.
final class LoraSlots implements AutoCloseable {
  /// Slots that there are at least.
  private static final int LEAST = 8;

  private static final String DOWN = ".lora_A.weight";

  private final DecoderProgram program;
  private final DecoderConfig config;
  private @Nullable LoraTables tables;

  /// The used last at the end.
  private final Map<Adapter, Integer> slotOf = new LinkedHashMap<>();

  private final Map<Adapter, Integer> sequences = new HashMap<>();

  LoraSlots(DecoderProgram program, DecoderConfig config) {
    this.program = program;
    this.config = config;
  }

  /// Whether an adapter is nothing but low-rank pairs.
  static boolean takes(Adapter adapter) {
    return adapter.method() instanceof LoraConfig;
  }

  private static int rank(Adapter adapter) {
    return ((LoraConfig) adapter.method()).rank();
  }

  private static SortedSet<String> linears(Adapter adapter) {
    SortedSet<String> linears = new TreeSet<>();
    for (String name : adapter.weights().arrays().keySet()) {
      if (name.endsWith(DOWN)) {
        linears.add(name.substring(0, name.length() - DOWN.length()));
      }
    }
    return linears;
  }

  /// A sequence has begun with an adapter.
  void begins(Adapter adapter) {
    sequences.merge(adapter, 1, Integer::sum);
  }

  /// A sequence with an adapter has ended.
  void ended(Adapter adapter) {
    sequences.computeIfPresent(adapter, (each, count) -> count == 1 ? null : count - 1);
    if (sequences.isEmpty()) {
      close();
    }
  }

  /// Where the adapters of sequences that have begun lie.
  long[] slots(List<Adapter> adapters) {
    for (Adapter adapter : adapters) {
      if (!slotOf.containsKey(adapter)) {
        makeRoom(adapter);
      }
    }
    return adapters.stream().mapToLong(this::slot).toArray();
  }

  private int slot(Adapter adapter) {
    @Nullable Integer known = slotOf.remove(adapter);
    int slot = known == null ? freeSlot() : known;
    if (known == null) {
      held().place(slot, adapter.weights().dictionary());
    }
    slotOf.put(adapter, slot);
    return slot;
  }

  private LoraTables held() {
    return Objects.requireNonNull(tables, "no adapter has come yet");
  }

  IValue dictionary() {
    return held().dictionary();
  }

  /// Where the pairs lie, by the whole name of a group of linears.
  Map<String, LowRank> pairs() {
    return held().pairs();
  }

  /// Sees to it that there is a slot for an adapter, and for all others that are under way.
  private void makeRoom(Adapter adapter) {
    LoraTables held = tables;
    SortedSet<String> linears = linears(adapter);
    if (held != null
        && rank(adapter) <= held.rank()
        && held.linears().containsAll(linears)
        && sequences.size() <= held.slots()) {
      return;
    }
    int rank = 0;
    for (Adapter each : sequences.keySet()) {
      rank = Math.max(rank, rank(each));
      linears.addAll(linears(each));
    }
    int slots = held == null ? LEAST : held.slots();
    while (slots < sequences.size()) {
      slots *= 2;
    }
    close();
    tables = new LoraTables(program, config, slots, rank, linears);
  }

  /// One that nobody has, or that of the adapter that was decoded with the longest ago.
  private int freeSlot() {
    if (slotOf.size() < held().slots()) {
      return slotOf.size();
    }
    Adapter idle =
        slotOf.keySet().stream()
            .filter(each -> !sequences.containsKey(each))
            .findFirst()
            .orElseThrow();
    return Objects.requireNonNull(slotOf.remove(idle));
  }

  @Override
  public void close() {
    slotOf.clear();
    if (tables != null) {
      tables.close();
      tables = null;
    }
  }
}
