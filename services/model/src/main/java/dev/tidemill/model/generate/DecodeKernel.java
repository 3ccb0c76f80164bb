package dev.tidemill.model.generate;

import ai.djl.pytorch.engine.PtNDArray;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.family.Traits;
import dev.tidemill.model.kernel.Attention;
import dev.tidemill.model.kernel.LowRank;
import dev.tidemill.model.kernel.Matrix;
import dev.tidemill.model.kernel.NativeMemory;
import dev.tidemill.model.kernel.Team;
import dev.tidemill.model.kernel.VectorMath;
import dev.tidemill.model.kernel.WarmUp;
import dev.tidemill.model.program.Native;
import dev.tidemill.model.program.Rope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the program's method `decode` computes, computed by the JVM over the same memory, for few
/// rows of a base in bf16 or 8 bits, with low-rank adapters or none. Between products numbers are
/// fp32; keys, values and tables of angles are rounded to bf16, as prompts have them. What a row
/// gives does not depend on the others.
final class DecodeKernel implements AutoCloseable {
  /// For more the program is faster, whose products multiply bf16 as it is.
  private static final int MOST_ROWS = 8;

  private static final String QKV = "self_attn.qkv_proj";

  private final DecoderConfig config;
  private final KernelWeights weights;
  private final Team team = new Team(Native.threads());

  private DecodeKernel(DecoderConfig config, KernelWeights weights) {
    this.config = config;
    this.weights = weights;
    WarmUp.ensure();
  }

  /// Nothing when this cannot read the weights of a base.
  static Optional<DecodeKernel> of(BaseModel base) {
    return KernelWeights.of(base).map(weights -> new DecodeKernel(base.config(), weights));
  }

  /// Whether it decodes these together.
  boolean takes(List<DecodeState> states) {
    return states.size() <= MOST_ROWS
        && states.stream()
            .map(DecodeState::adapter)
            .allMatch(adapter -> adapter == null || LoraSlots.takes(adapter));
  }

  /// What a step goes over.
  ///
  /// @param tokens one of each sequence
  /// @param positions where they stand
  /// @param starts addresses of the regions of the cache, [layers, 2, capacity] rows each
  /// @param capacities of the regions
  /// @param slots of the first rows, which have low-rank adapters
  /// @param pairs by the whole name of a group of linears
  @SuppressWarnings("ArrayRecordComponent") // read-only by agreement
  record Step(
      int[] tokens,
      int[] positions,
      long[] starts,
      int[] capacities,
      long[] slots,
      Map<String, LowRank> pairs) {
    int rows() {
      return tokens.length;
    }
  }

  /// Logits of each row. The new keys and values are in the cache afterwards.
  float[][] decode(Step step, Rope rope) {
    int rows = step.rows();
    int hidden = config.hiddenSize();
    float[] x = new float[rows * hidden];
    for (int row = 0; row < rows; row++) {
      weights.embed(step.tokens[row], step.positions[row], x, row * hidden);
    }
    float[] normed = new float[rows * hidden];
    float[] cosines = angles((PtNDArray) rope.arrays().get(0), step);
    float[] sines = angles((PtNDArray) rope.arrays().get(1), step);
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "model.layers." + layer + ".";
      norm(x, prefix + "input_layernorm", normed);
      float[] qkv = multiply(prefix + QKV, normed, step);
      float[] attended = attend(layer, prefix, qkv, cosines, sines, step);
      add(x, prefix + "self_attn.o_proj", attended, step);
      norm(x, prefix + "post_attention_layernorm", normed);
      add(x, prefix + "mlp.down_proj", inner(prefix, normed, step), step);
    }
    norm(x, "model.norm", normed);
    Matrix head = weights.head();
    float[] logits = new float[rows * head.width()];
    float[] arranged = head.arranged(normed);
    team.run(head.tasks(), task -> head.multiply(task, arranged, rows, logits));
    float[][] each = new float[rows][];
    for (int row = 0; row < rows; row++) {
      int from = row * head.width();
      each[row] = Arrays.copyOfRange(logits, from, from + head.outputs());
    }
    return each;
  }

  /// The rows of a table of angles at the positions, rounded to bf16.
  private float[] angles(PtNDArray table, Step step) {
    int width = config.headDim();
    float[] angles = new float[step.rows() * width];
    if (config.traits().positions() instanceof Traits.Rotary) {
      long address = NativeMemory.address(table);
      for (int row = 0; row < step.rows(); row++) {
        long begin = address + (long) Float.BYTES * width * step.positions[row];
        for (int i = 0; i < width; i++) {
          angles[row * width + i] = NativeMemory.rounded(begin + (long) Float.BYTES * i);
        }
      }
    }
    return angles;
  }

  private void norm(float[] x, String name, float[] out) {
    int width = config.hiddenSize();
    float[] weight = weights.vector(name + ".weight");
    for (int at = 0; at < x.length; at += width) {
      if (config.traits().layerNorm()) {
        float[] bias = weights.vector(name + ".bias");
        VectorMath.layerNorm(x, at, width, weight, bias, config.normEps(), out, at);
      } else {
        VectorMath.rmsNorm(x, at, width, weight, config.normEps(), out, at);
      }
    }
  }

  /// What linears that read the same inputs give, a row after the other.
  private float[] multiply(String group, float[] x, Step step) {
    Matrix matrix = weights.matrix(group);
    int rows = step.rows();
    int width = matrix.width();
    float[] y = new float[rows * width];
    float[] arranged = matrix.arranged(x);
    @Nullable LowRank pairs = step.pairs.get(group);
    if (pairs == null) {
      team.run(matrix.tasks(), task -> matrix.multiply(task, arranged, rows, y));
    } else {
      int columns = pairs.columns();
      long[] slots = step.slots;
      float[] low = new float[slots.length * columns];
      team.run(
          slots.length,
          row -> pairs.down(slots[row], x, row * matrix.inputs(), low, row * columns));
      team.run(matrix.tasks(), task -> matrix.multiply(task, arranged, rows, y));
      List<LowRank.Up> ups = pairs.ups();
      team.run(
          slots.length * ups.size(),
          task -> {
            int row = task / ups.size();
            LowRank.Up up = ups.get(task % ups.size());
            pairs.up(up, slots[row], low, row * columns, y, row * width);
          });
    }
    float @Nullable [] bias = weights.bias(group);
    for (int at = 0; bias != null && at < y.length; at += width) {
      for (int i = 0; i < bias.length; i++) {
        y[at + i] += bias[i];
      }
    }
    return y;
  }

  /// Adds what a linear gives to the residual stream.
  private void add(float[] x, String group, float[] inputs, Step step) {
    float[] more = multiply(group, inputs, step);
    int width = more.length / step.rows();
    int hidden = config.hiddenSize();
    for (int row = 0; row < step.rows(); row++) {
      for (int i = 0; i < hidden; i++) {
        x[row * hidden + i] += more[row * width + i];
      }
    }
  }

  private float[] inner(String prefix, float[] normed, Step step) {
    boolean gated = config.traits().gated();
    float[] both = multiply(prefix + (gated ? "mlp.gate_up_proj" : "mlp.up_proj"), normed, step);
    int width = both.length / step.rows();
    int count = config.intermediateSize();
    float[] inner = new float[step.rows() * count];
    team.run(
        step.rows(),
        row -> {
          if (gated) {
            VectorMath.gated(both, row * width, row * width + count, inner, row * count, count);
          } else {
            VectorMath.gelu(both, row * width, inner, row * count, count);
          }
        });
    return inner;
  }

  /// Attention of every row over its own cache, the new token included: [rows, heads * headDim].
  private float[] attend(
      int layer, String prefix, float[] qkv, float[] cosines, float[] sines, Step step) {
    int width = config.headDim();
    int queries = config.heads() * width;
    int kvHeads = config.kvHeads();
    int group = config.heads() / kvHeads;
    long stride = (long) Short.BYTES * kvHeads * width;
    float[] out = new float[step.rows() * queries];
    team.run(
        step.rows() * kvHeads,
        task -> {
          int row = task / kvHeads;
          int kvHead = task % kvHeads;
          int position = step.positions[row];
          long plane = stride * step.capacities[row];
          long keys = step.starts[row] + 2L * layer * plane + (long) Short.BYTES * kvHead * width;
          long values = keys + plane;
          int query = row * (qkv.length / step.rows()) + kvHead * group * width;
          int key = row * (qkv.length / step.rows()) + queries + kvHead * width;
          turn(prefix + "self_attn.k_norm", qkv, key, 1, cosines, sines, row);
          Attention.store(qkv, key, width, keys + stride * position);
          Attention.store(qkv, key + kvHeads * width, width, values + stride * position);
          turn(prefix + "self_attn.q_norm", qkv, query, group, cosines, sines, row);
          int first = firstSeen(layer, position);
          long skipped = stride * first;
          int seen = position + 1 - first;
          for (int i = 0; i < group; i++) {
            int at = row * queries + (kvHead * group + i) * width;
            System.arraycopy(qkv, query + i * width, out, at, width);
            Attention.attend(out, at, width, keys + skipped, values + skipped, stride, seen);
          }
        });
    return out;
  }

  private int firstSeen(int layer, int position) {
    boolean windowed = layer >= config.traits().window().firstLayer();
    return windowed ? Math.max(0, position + 1 - config.traits().window().size()) : 0;
  }

  /// Norms and turns heads of a row.
  private void turn(
      String norm, float[] x, int at, int heads, float[] cosines, float[] sines, int row) {
    int width = config.headDim();
    for (int head = 0; head < heads; head++) {
      int from = at + head * width;
      if (config.traits().queryKeyNorm()) {
        float[] weight = weights.vector(norm + ".weight");
        VectorMath.rmsNorm(x, from, width, weight, config.normEps(), x, from);
      }
      if (config.traits().positions() instanceof Traits.Rotary) {
        Attention.turn(x, from, width, cosines, sines, row * width);
      }
    }
  }

  @Override
  public void close() {
    team.close();
  }
}
