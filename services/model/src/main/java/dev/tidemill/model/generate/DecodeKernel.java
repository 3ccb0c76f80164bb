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

  /// Not static: without the module of vectors this class is loaded, but never made.
  private final LowRank noPairs = new LowRank(0, 0, 0, List.of());

  private final Team team = new Team(Native.threads());
  private Buffers buffers = new Buffers(0, 0, 0, 0, 0);

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

  /// What a step computes on the way. Kept for the next step, as cleared memory costs time: what is
  /// read has been written in the same step.
  ///
  /// @param rows that there is room for
  /// @param x the residual stream
  /// @param normed what linears read
  /// @param attended what attention gives
  /// @param inner what a block's last linear reads
  /// @param y what the linears of a group give, or the head
  @SuppressWarnings("ArrayRecordComponent") // written by who computes a step
  private record Buffers(
      int rows, float[] x, float[] normed, float[] attended, float[] inner, float[] y) {
    Buffers(int rows, int hidden, int attended, int inner, int widest) {
      this(
          rows,
          new float[rows * hidden],
          new float[rows * hidden],
          new float[rows * attended],
          new float[rows * inner],
          new float[rows * widest]);
    }
  }

  private void ensureBuffers(int rows) {
    if (buffers.rows < rows) {
      buffers =
          new Buffers(
              rows,
              config.hiddenSize(),
              config.heads() * config.headDim(),
              config.intermediateSize(),
              weights.widest());
    }
  }

  /// Logits of each row. The new keys and values are in the cache afterwards.
  float[][] decode(Step step, Rope rope) {
    int rows = step.rows();
    int hidden = config.hiddenSize();
    ensureBuffers(rows);
    float[] x = buffers.x;
    float[] normed = buffers.normed;
    for (int row = 0; row < rows; row++) {
      weights.embed(step.tokens[row], step.positions[row], x, row * hidden);
    }
    Norm first = norm(prefix(0) + "input_layernorm");
    for (int row = 0; row < rows; row++) {
      first.apply(x, row * hidden, normed);
    }
    float[] cosines = angles((PtNDArray) rope.arrays().get(0), step);
    float[] sines = angles((PtNDArray) rope.arrays().get(1), step);
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = prefix(layer);
      attend(layer, cosines, sines, step);
      Norm middle = norm(prefix + "post_attention_layernorm");
      multiply(prefix + "self_attn.o_proj", buffers.attended, step, add(middle));
      inner(prefix, step);
      boolean last = layer == config.layers() - 1;
      Norm next = norm(last ? "model.norm" : prefix(layer + 1) + "input_layernorm");
      multiply(prefix + "mlp.down_proj", buffers.inner, step, add(next));
    }
    Matrix head = weights.head();
    float[] logits = buffers.y;
    float[] arranged = head.arranged(normed, rows);
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

  /// Norms a row, in whole.
  private interface Norm {
    void apply(float[] x, int at, float[] out);
  }

  private Norm norm(String name) {
    int width = config.hiddenSize();
    double epsilon = config.normEps();
    float[] weight = weights.vector(name + ".weight");
    if (config.traits().layerNorm()) {
      float[] bias = weights.vector(name + ".bias");
      return (x, at, out) -> VectorMath.layerNorm(x, at, width, weight, bias, epsilon, out, at);
    }
    return (x, at, out) -> VectorMath.rmsNorm(x, at, width, weight, epsilon, out, at);
  }

  /// What is done with what linears give for a row: `y` from `at` on.
  private interface Then {
    void row(int row, float[] y, int at);
  }

  /// Puts what linears that read the same inputs give into `y`, a row after the other.
  private void multiply(String group, float[] x, Step step, @Nullable Then then) {
    Matrix matrix = weights.matrix(group);
    int rows = step.rows();
    int width = matrix.width();
    float[] y = buffers.y;
    float[] arranged = matrix.arranged(x, rows);
    LowRank pairs = step.pairs.getOrDefault(group, noPairs);
    int columns = pairs.columns();
    long[] slots = columns == 0 ? new long[0] : step.slots;
    float[] low = new float[slots.length * columns];
    // Who reads the matrices A waits for memory while others multiply what is in their caches: in
    // a phase of its own all would wait for it. So it is with the matrices B and what is done with
    // a row then.
    team.run(
        slots.length + matrix.tasks(),
        task -> {
          if (task < slots.length) {
            pairs.down(slots[task], x, task * matrix.inputs(), low, task * columns);
          } else {
            matrix.multiply(task - slots.length, arranged, rows, y);
          }
        });
    float @Nullable [] bias = weights.bias(group);
    if (slots.length == 0 && bias == null && then == null) {
      return;
    }
    team.run(
        rows,
        row -> {
          int at = row * width;
          if (row < slots.length) {
            for (LowRank.Up up : pairs.ups()) {
              pairs.up(up, slots[row], low, row * columns, y, at);
            }
          }
          for (int i = 0; bias != null && i < bias.length; i++) {
            y[at + i] += bias[i];
          }
          if (then != null) {
            then.row(row, y, at);
          }
        });
  }

  /// Adds what a linear gives to the residual stream, and norms that.
  private Then add(Norm norm) {
    int hidden = config.hiddenSize();
    float[] x = buffers.x;
    float[] normed = buffers.normed;
    return (row, y, at) -> {
      int from = row * hidden;
      for (int i = 0; i < hidden; i++) {
        x[from + i] += y[at + i];
      }
      norm.apply(x, from, normed);
    };
  }

  private void inner(String prefix, Step step) {
    boolean gated = config.traits().gated();
    int count = config.intermediateSize();
    float[] inner = buffers.inner;
    multiply(
        prefix + (gated ? "mlp.gate_up_proj" : "mlp.up_proj"),
        buffers.normed,
        step,
        (row, both, at) -> {
          if (gated) {
            VectorMath.gated(both, at, at + count, inner, row * count, count);
          } else {
            VectorMath.gelu(both, at, inner, row * count, count);
          }
        });
  }

  /// Attention of every row over its own cache, the new token included: [rows, heads * headDim].
  private void attend(int layer, float[] cosines, float[] sines, Step step) {
    int rows = step.rows();
    int kvHeads = config.kvHeads();
    Attending attending = new Attending(layer, cosines, sines, step);
    String group = attending.prefix + QKV;
    if (rows >= team.people()) {
      Then whole = (row, qkv, at) -> attending.heads(row, qkv, at, 0, kvHeads);
      multiply(group, buffers.normed, step, whole);
    } else {
      // A row each would leave some of us without.
      multiply(group, buffers.normed, step, null);
      float[] qkv = buffers.y;
      int width = weights.matrix(group).width();
      team.run(
          rows * kvHeads,
          task -> {
            int row = task / kvHeads;
            attending.heads(row, qkv, row * width, task % kvHeads, 1);
          });
    }
  }

  /// Attention of a layer.
  private final class Attending {
    private final int layer;
    private final String prefix;
    private final float[] cosines;
    private final float[] sines;
    private final Step step;
    private final float[] out;

    Attending(int layer, float[] cosines, float[] sines, Step step) {
      this.layer = layer;
      prefix = prefix(layer);
      this.cosines = cosines;
      this.sines = sines;
      this.step = step;
      out = buffers.attended;
    }

    /// Some heads of keys of a row, and those of queries that share them.
    ///
    /// @param qkv from `at` on what the linears gave for the row
    void heads(int row, float[] qkv, int at, int kvHead, int count) {
      int width = config.headDim();
      int kvHeads = config.kvHeads();
      int sharing = config.heads() / kvHeads;
      long stride = (long) Short.BYTES * kvHeads * width;
      int position = step.positions[row];
      long plane = stride * step.capacities[row];
      long keys = step.starts[row] + 2L * layer * plane + (long) Short.BYTES * kvHead * width;
      long values = keys + plane;
      int query = at + kvHead * sharing * width;
      int key = at + (config.heads() + kvHead) * width;
      turn("self_attn.k_norm", qkv, key, count, row);
      Attention.store(qkv, key, count * width, keys + stride * position);
      Attention.store(qkv, key + kvHeads * width, count * width, values + stride * position);
      turn("self_attn.q_norm", qkv, query, count * sharing, row);
      int to = (row * config.heads() + kvHead * sharing) * width;
      System.arraycopy(qkv, query, out, to, count * sharing * width);
      int first = firstSeen(position);
      Attention.attend(
          out,
          to,
          count * sharing,
          sharing,
          width,
          keys + stride * first,
          values + stride * first,
          stride,
          position + 1 - first);
    }

    private int firstSeen(int position) {
      boolean windowed = layer >= config.traits().window().firstLayer();
      return windowed ? Math.max(0, position + 1 - config.traits().window().size()) : 0;
    }

    /// Norms and turns heads of a row.
    private void turn(String norm, float[] x, int at, int heads, int row) {
      int width = config.headDim();
      for (int head = 0; head < heads; head++) {
        int from = at + head * width;
        if (config.traits().queryKeyNorm()) {
          float[] weight = weights.vector(prefix + norm + ".weight");
          VectorMath.rmsNorm(x, from, width, weight, config.normEps(), x, from);
        }
        if (config.traits().positions() instanceof Traits.Rotary) {
          Attention.turn(x, from, width, cosines, sines, row * width);
        }
      }
    }
  }

  private static String prefix(int layer) {
    return "model.layers." + layer + ".";
  }

  @Override
  public void close() {
    team.close();
  }
}
