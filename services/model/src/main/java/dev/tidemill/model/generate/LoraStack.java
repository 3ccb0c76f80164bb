package dev.tidemill.model.generate;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.DecoderShapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Several low-rank adapters as one: their matrices stacked, so that a batch of rows with any of
/// them takes two products a linear. What a row does not own is multiplied by zero.
final class LoraStack implements AutoCloseable {
  /// Adapters in a stack at most: each costs every row.
  static final int MOST = 8;

  private final List<Adapter> adapters;
  private final int rank;
  private final PtNDManager manager;
  private final IValue dictionary;

  LoraStack(DecoderProgram program, DecoderConfig config, List<Adapter> adapters) {
    this.adapters = List.copyOf(adapters);
    rank = adapters.stream().mapToInt(adapter -> lora(adapter).rank()).sum();
    manager = program.newManager();
    Map<String, PtNDArray> stacked = new TreeMap<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      DecoderShapes.groups(config)
          .forEach((group, parts) -> add(program, config, prefix, group, parts, stacked));
    }
    dictionary = IValue.stringMapFrom(stacked);
  }

  private void add(
      DecoderProgram program,
      DecoderConfig config,
      String prefix,
      String group,
      List<String> parts,
      Map<String, PtNDArray> stacked) {
    boolean any =
        adapters.stream()
            .anyMatch(
                adapter ->
                    parts.stream().anyMatch(part -> find(adapter, prefix + part, "A") != null));
    if (!any) {
      return;
    }
    Map<String, int[]> shapes = DecoderShapes.weights(config);
    List<PtNDArray> down = new ArrayList<>();
    try (PtNDManager call = program.newManager()) {
      for (String part : parts) {
        int[] shape = Objects.requireNonNull(shapes.get(prefix + part + ".weight"), part);
        List<PtNDArray> up = new ArrayList<>();
        for (Adapter adapter : adapters) {
          int r = lora(adapter).rank();
          @Nullable PtNDArray a = find(adapter, prefix + part, "A");
          @Nullable PtNDArray b = find(adapter, prefix + part, "B");
          down.add(a != null ? a : (PtNDArray) call.zeros(new Shape(r, shape[1])));
          up.add(b != null ? b : (PtNDArray) call.zeros(new Shape(shape[0], r)));
        }
        stacked.put(
            prefix + part + ".lora_B.packed",
            pack(program, "pack_wide", up, new Shape(shape[0], rank)));
      }
      String first = prefix + parts.getFirst() + ".weight";
      int inputs = Objects.requireNonNull(shapes.get(first), first)[1];
      stacked.put(
          prefix + group + ".lora_A.packed",
          pack(program, "pack", down, new Shape((long) rank * parts.size(), inputs)));
    }
  }

  private PtNDArray pack(
      DecoderProgram program, String method, List<PtNDArray> parts, Shape shape) {
    try (IValue list = IValue.listFrom(parts.toArray(new PtNDArray[0]))) {
      return program.serve(manager, method, shape, list);
    }
  }

  private static @Nullable PtNDArray find(Adapter adapter, String name, String side) {
    return adapter.weights().arrays().get(name + ".lora_" + side + ".weight");
  }

  /// Whether an adapter is nothing but low-rank pairs.
  static boolean takes(Adapter adapter) {
    return adapter.method() instanceof LoraConfig;
  }

  private static LoraConfig lora(Adapter adapter) {
    return (LoraConfig) adapter.method();
  }

  List<Adapter> adapters() {
    return adapters;
  }

  IValue dictionary() {
    return dictionary;
  }

  /// What each row multiplies the results of the stacked A with.
  PtNDArray mask(PtNDManager owner, List<@Nullable Adapter> rows) {
    float[] values = new float[rows.size() * rank];
    for (int row = 0; row < rows.size(); row++) {
      int at = row * rank;
      for (Adapter adapter : adapters) {
        int r = lora(adapter).rank();
        if (adapter == rows.get(row)) {
          Arrays.fill(values, at, at + r, (float) lora(adapter).scale());
        }
        at += r;
      }
    }
    return (PtNDArray) owner.create(values, new Shape(rows.size(), rank));
  }

  @Override
  public void close() {
    dictionary.close();
    manager.close();
  }
}
