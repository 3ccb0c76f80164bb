package dev.tidemill.model.train;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.DecoderShapes;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How long the matrix products of a training step take when nothing else is done: what the time of
/// a step is held against. Same shapes, same dtype, same threads.
public final class BareProducts implements AutoCloseable {
  private static final int TIMES = 4;
  private static final int ROUNDS = 3;

  private final DecoderConfig config;
  private final @Nullable LoraConfig lora;
  private final DecoderProgram program;

  private record Product(int batch, int m, int k, int n, boolean transposed) {}

  /// @param lora the adapter that is trained; null when every weight is
  public BareProducts(DecoderConfig config, @Nullable LoraConfig lora, Precision precision) {
    this.config = config;
    this.lora = lora == null ? null : lora.on(config);
    program =
        new DecoderProgram(config, DecoderProgram.Training.serving(precision == Precision.BF16));
  }

  /// Seconds for a step on rows of one width that are labelled throughout.
  public double seconds(int rows, int width) {
    Map<Product, Integer> counts = new TreeMap<>(BareProducts::compare);
    linears(counts, rows * width);
    attention(counts, rows, width);
    double seconds = 0;
    for (Map.Entry<Product, Integer> entry : counts.entrySet()) {
      seconds += entry.getValue() * seconds(entry.getKey());
    }
    return seconds;
  }

  private void linears(Map<Product, Integer> counts, int positions) {
    Map<String, int[]> pairs = lora == null ? Map.of() : lora.shapes(config);
    DecoderShapes.weights(config)
        .forEach(
            (name, shape) -> {
              if (shape.length == 2 && name.startsWith("model.layers.")) {
                String path = name.substring(0, name.length() - ".weight".length());
                boolean first = first(path);
                linear(counts, positions, shape[1], shape[0], !first || lora == null, lora == null);
                if (pairs.containsKey(path + ".lora_A.weight") && lora != null) {
                  linear(counts, positions, shape[1], lora.rank(), !first, true);
                  linear(counts, positions, lora.rank(), shape[0], true, true);
                }
              }
            });
    linear(counts, positions, config.hiddenSize(), config.vocabSize(), true, lora == null);
  }

  /// Whether nothing that is trained comes before this linear: its inputs need no gradient.
  private static boolean first(String path) {
    return path.startsWith("model.layers.0.self_attn.") && !path.endsWith(".o_proj");
  }

  private static void linear(
      Map<Product, Integer> counts,
      int positions,
      int inputs,
      int outputs,
      boolean inputGradient,
      boolean weightGradient) {
    count(counts, new Product(1, positions, inputs, outputs, true), 1);
    if (inputGradient) {
      count(counts, new Product(1, positions, outputs, inputs, false), 1);
    }
    if (weightGradient) {
      count(counts, new Product(1, outputs, positions, inputs, false), 1);
    }
  }

  /// Queries are taken 128 at a time with the keys up to their end.
  private void attention(Map<Product, Integer> counts, int rows, int width) {
    int batch = rows * config.kvHeads();
    int groups = config.heads() / config.kvHeads();
    int head = config.headDim();
    for (int end = Math.min(128, width); end <= width; end += Math.min(128, width)) {
      int queries = groups * Math.min(128, width);
      // Scores and their gradient's twin, the probabilities'; then the two of the values' kind.
      count(counts, new Product(batch, queries, head, end, true), 2 * config.layers());
      count(counts, new Product(batch, queries, end, head, false), 2 * config.layers());
      count(counts, new Product(batch, end, queries, head, false), 2 * config.layers());
    }
  }

  private static void count(Map<Product, Integer> counts, Product product, int more) {
    counts.merge(product, more, Integer::sum);
  }

  private double seconds(Product product) {
    run(product, 0);
    double best = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      double once = run(product, 0);
      best = Math.min(best, Math.max(0, run(product, TIMES) - once) / TIMES);
    }
    return best;
  }

  private double run(Product product, int times) {
    long begin = System.nanoTime();
    try (PtNDManager call = program.newManager();
        IValue batch = IValue.from((long) product.batch);
        IValue m = IValue.from((long) product.m);
        IValue k = IValue.from((long) product.k);
        IValue n = IValue.from((long) product.n);
        IValue transposed = IValue.from(product.transposed);
        IValue repeated = IValue.from((long) times);
        PtNDArray sum = program.serve(call, "products", batch, m, k, n, transposed, repeated)) {
      sum.toFloatArray();
    }
    return (System.nanoTime() - begin) / 1e9;
  }

  private static int compare(Product one, Product other) {
    return one.toString().compareTo(other.toString());
  }

  @Override
  public void close() {
    program.close();
  }
}
