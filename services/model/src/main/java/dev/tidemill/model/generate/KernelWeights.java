package dev.tidemill.model.generate;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.kernel.Kernels;
import dev.tidemill.model.kernel.Matrix;
import dev.tidemill.model.kernel.NativeMemory;
import dev.tidemill.model.kernel.RowMatrix;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.program.TensorMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The weights of a base as [DecodeKernel] reads them: matrices and embeddings where the engine has
/// them, norms and biases copied.
final class KernelWeights {
  private static final String EMBEDDING = "model.embed_tokens";

  private final Map<String, Matrix> matrices;
  private final Map<String, float[]> vectors = new HashMap<>();
  private final Matrix head;
  private final long tokens;
  private final long positions;
  private final int width;

  private KernelWeights(DecoderConfig config, TensorMap weights, Matrix head, PtNDArray tokens) {
    matrices = weights.matrices();
    this.head = head;
    this.tokens = NativeMemory.address(tokens);
    @Nullable PtNDArray learned = weights.arrays().get("model.embed_positions.weight");
    positions = learned == null ? 0 : NativeMemory.address(learned);
    width = config.hiddenSize();
    weights
        .arrays()
        .forEach(
            (name, array) -> {
              boolean vector = array.getShape().dimension() == 1;
              if (vector && (name.endsWith(".weight") || name.endsWith(".bias"))) {
                vectors.put(name, values(array));
              }
            });
  }

  /// For a base that was loaded to serve; nothing when its weights lie otherwise than this knows.
  static Optional<KernelWeights> of(BaseModel base) {
    DecoderConfig config = base.config();
    TensorMap weights = base.weights();
    @Nullable PtNDArray tokens = weights.arrays().get(EMBEDDING + ".weight");
    if (!Kernels.available()
        || !base.bf16()
        || tokens == null
        || !complete(config, weights.matrices())) {
      return Optional.empty();
    }
    return head(config, weights.matrices(), tokens)
        .map(head -> new KernelWeights(config, weights, head, tokens));
  }

  private static boolean complete(DecoderConfig config, Map<String, Matrix> matrices) {
    for (int layer = 0; layer < config.layers(); layer++) {
      for (String group : DecoderShapes.groups(config).keySet()) {
        if (!matrices.containsKey("model.layers." + layer + "." + group)) {
          return false;
        }
      }
    }
    return true;
  }

  private static Optional<Matrix> head(
      DecoderConfig config, Map<String, Matrix> matrices, PtNDArray tokens) {
    @Nullable Matrix own = matrices.get(config.tiedEmbeddings() ? EMBEDDING : "lm_head");
    if (own == null && config.tiedEmbeddings() && RowMatrix.takes(config.hiddenSize())) {
      long address = NativeMemory.address(tokens);
      return Optional.of(new RowMatrix(address, config.vocabSize(), config.hiddenSize()));
    }
    return Optional.ofNullable(own);
  }

  private static float[] values(PtNDArray array) {
    if (array.getDataType() == DataType.FLOAT32) {
      return array.toFloatArray();
    }
    float[] values = new float[(int) array.size()];
    read(NativeMemory.address(array), values, 0, values.length);
    return values;
  }

  private static void read(long address, float[] target, int at, int count) {
    for (int i = 0; i < count; i++) {
      target[at + i] = NativeMemory.bf16(address + 2L * i);
    }
  }

  /// What linears that read the same inputs are multiplied with.
  Matrix matrix(String group) {
    return Objects.requireNonNull(matrices.get(group), group);
  }

  Matrix head() {
    return head;
  }

  /// Places of the widest row of outputs.
  int widest() {
    return IntStream.concat(
            matrices.values().stream().mapToInt(Matrix::width), IntStream.of(head.width()))
        .max()
        .orElseThrow();
  }

  float[] vector(String name) {
    return Objects.requireNonNull(vectors.get(name), name);
  }

  /// A bias that not every linear has.
  float @Nullable [] bias(String group) {
    return vectors.get(group + ".bias");
  }

  /// Puts a token's row of the embedding into `x`, and where positions are learned, adds the row of
  /// its position.
  void embed(int token, int position, float[] x, int at) {
    read(tokens + 2L * width * token, x, at, width);
    if (positions != 0) {
      float[] row = new float[width];
      read(positions + 2L * width * position, row, 0, width);
      for (int i = 0; i < width; i++) {
        x[at + i] += row[i];
      }
    }
  }
}
