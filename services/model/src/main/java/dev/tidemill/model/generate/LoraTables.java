package dev.tidemill.model.generate;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.kernel.Kernels;
import dev.tidemill.model.kernel.LowRank;
import dev.tidemill.model.kernel.NativeMemory;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.DecoderShapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Function;

/// Memory in which the matrices of several low-rank adapters lie slot by slot, so that a product
/// can take from it what each row of a batch owns, and an adapter comes by being copied into a slot
/// while those of the others stay as they are.
///
/// All of it is one flat tensor. For linears that read the same inputs there is a table
/// `GROUP.lora_A` of rows of `parts * rank` values, `inputs` of them a slot: the matrices A side by
/// side, inputs first. Of those the ones with equally many outputs share a table `LINEAR.lora_B`,
/// called after the first of them. Their outputs are cut into equal pieces, a row each: `rank`
/// rows a piece, piece by piece, matrix by matrix, slot by slot.
final class LoraTables implements AutoCloseable {
  /// Values of a row of `lora_B` where outputs are cut: longer ones are read slower (docs/log.md).
  private static final int LONGEST = 1024;

  private static final int SHORTEST = 128;

  private final DecoderProgram program;
  private final int slots;
  private final int rank;
  private final SortedSet<String> linears;

  /// Whether the kernel may decode with them; a [LowRank] must not be made otherwise.
  private final boolean kernel;

  private final PtNDManager manager;
  private final IValue dictionary;
  private final IValue down;
  private final IValue up;
  private final Map<String, LowRank> pairs = new HashMap<>();

  /// A part of the flat tensor.
  @SuppressWarnings("ArrayRecordComponent") // read-only by agreement
  private record View(long offset, long[] sizes, long[] strides) {}

  /// @param rank of the widest adapter that fits in
  /// @param linears with places for pairs, by their whole names
  LoraTables(
      DecoderProgram program,
      DecoderConfig config,
      int slots,
      int rank,
      SortedSet<String> linears) {
    this.program = program;
    this.slots = slots;
    this.rank = rank;
    this.linears = linears;
    kernel = program.bf16() && Kernels.available();
    Map<String, View> tables = new TreeMap<>();
    Map<String, View> downs = new TreeMap<>();
    Map<String, View> ups = new TreeMap<>();
    Map<String, LowRank> groups = new HashMap<>();
    long values = layOut(config, tables, downs, ups, groups);
    tables.put("rank", new View(0, new long[] {rank, 0}, new long[] {1, 1}));
    manager = program.newManager();
    PtNDArray flat;
    try (IValue count = IValue.from(values)) {
      flat = program.serve(manager, "room", new Shape(values), count);
    }
    if (kernel) {
      long address = NativeMemory.address(flat);
      groups.forEach((name, group) -> pairs.put(name, group.from(address)));
    }
    try (IValue all = IValue.from(flat)) {
      dictionary = views(all, tables);
      down = views(all, downs);
      up = views(all, ups);
    }
  }

  private long layOut(
      DecoderConfig config,
      Map<String, View> tables,
      Map<String, View> downs,
      Map<String, View> ups,
      Map<String, LowRank> groups) {
    Map<String, DecoderShapes.Linear> shapes = new HashMap<>();
    DecoderShapes.linears(config).forEach(linear -> shapes.put(linear.path(), linear));
    long at = 0;
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      for (Map.Entry<String, List<String>> group : DecoderShapes.groups(config).entrySet()) {
        List<DecoderShapes.Linear> parts = new ArrayList<>();
        for (String part : group.getValue()) {
          if (linears.contains(prefix + part)) {
            parts.add(Objects.requireNonNull(shapes.get(part), part));
          }
        }
        if (parts.isEmpty()) {
          continue;
        }
        long inputs = parts.getFirst().inputs();
        long columns = (long) parts.size() * rank;
        tables.put(
            prefix + group.getKey() + ".lora_A",
            new View(at, new long[] {slots * inputs, columns}, new long[] {columns, 1}));
        for (int i = 0; i < parts.size(); i++) {
          downs.put(
              prefix + parts.get(i).path() + ".lora_A.weight",
              new View(
                  at + (long) i * rank,
                  new long[] {slots, rank, inputs},
                  new long[] {inputs * columns, 1, columns}));
        }
        List<LowRank.Up> ends = new ArrayList<>();
        if (kernel) {
          groups.put(prefix + group.getKey(), new LowRank(at, (int) inputs, (int) columns, ends));
        }
        at += slots * inputs * columns;
        for (List<DecoderShapes.Linear> run : runs(group.getValue(), parts)) {
          long outputs = run.getFirst().outputs();
          long width = width(outputs);
          long pieces = outputs / width;
          long rows = run.size() * pieces * rank;
          tables.put(
              prefix + run.getFirst().path() + ".lora_B",
              new View(at, new long[] {slots * rows, width}, new long[] {width, 1}));
          for (int i = 0; i < run.size(); i++) {
            ups.put(
                prefix + run.get(i).path() + ".lora_B.weight",
                new View(
                    at + (long) i * rank * outputs,
                    new long[] {slots, pieces, width, rank},
                    new long[] {rows * width, rank * width, 1, width}));
            ends.add(
                new LowRank.Up(
                    at + (long) i * rank * outputs,
                    rows * width,
                    target(group.getValue(), run.get(i), shapes),
                    (int) outputs,
                    (int) width,
                    rank,
                    ends.size() * rank));
          }
          at += slots * rows * width;
        }
      }
    }
    return at;
  }

  /// The first output of a linear among those of its group.
  private static int target(
      List<String> group, DecoderShapes.Linear part, Map<String, DecoderShapes.Linear> shapes) {
    return group.subList(0, group.indexOf(part.path())).stream()
        .mapToInt(before -> Objects.requireNonNull(shapes.get(before), before).outputs())
        .sum();
  }

  /// Neighbours in a group that have equally many outputs.
  private static List<List<DecoderShapes.Linear>> runs(
      List<String> group, List<DecoderShapes.Linear> parts) {
    List<List<DecoderShapes.Linear>> runs = new ArrayList<>();
    int before = -2;
    for (DecoderShapes.Linear part : parts) {
      int place = group.indexOf(part.path());
      if (place != before + 1 || runs.getLast().getLast().outputs() != part.outputs()) {
        runs.add(new ArrayList<>());
      }
      runs.getLast().add(part);
      before = place;
    }
    return runs;
  }

  /// Outputs of each of the equal pieces that they are cut into: what the kernel multiplies the
  /// fastest; for the program alone the fewest pieces of at most [#LONGEST], or all of them where
  /// only pieces below [#SHORTEST] would be equal.
  private long width(long outputs) {
    if (kernel && outputs % LowRank.PIECE == 0) {
      return LowRank.PIECE;
    }
    for (long pieces = (outputs + LONGEST - 1) / LONGEST; pieces <= outputs / SHORTEST; pieces++) {
      if (outputs % pieces == 0) {
        return outputs / pieces;
      }
    }
    return outputs;
  }

  private IValue views(IValue flat, Map<String, View> views) {
    long[] offsets = views.values().stream().mapToLong(View::offset).toArray();
    long[] sizes = flattened(views, View::sizes);
    try (IValue each = IValue.from((long) sizes.length / offsets.length);
        IValue from = IValue.listFrom(offsets);
        IValue lengths = IValue.listFrom(sizes);
        IValue steps = IValue.listFrom(flattened(views, View::strides))) {
      return program.dictionary(
          List.copyOf(views.keySet()), "parts", flat, each, from, lengths, steps);
    }
  }

  private static long[] flattened(Map<String, View> views, Function<View, long[]> what) {
    return views.values().stream().flatMapToLong(view -> Arrays.stream(what.apply(view))).toArray();
  }

  int slots() {
    return slots;
  }

  int rank() {
    return rank;
  }

  SortedSet<String> linears() {
    return linears;
  }

  /// Where the pairs lie, by the whole name of a group, for the kernel.
  Map<String, LowRank> pairs() {
    return pairs;
  }

  /// What the decoder takes for the adapters of its rows.
  IValue dictionary() {
    return dictionary;
  }

  /// Copies an adapter, which has no more than there are places for, into a slot.
  void place(int slot, IValue adapter) {
    try (IValue number = IValue.from((long) slot)) {
      program.serve(manager, "place", number, down, up, adapter).close();
    }
  }

  @Override
  public void close() {
    dictionary.close();
    down.close();
    up.close();
    manager.close();
  }
}
