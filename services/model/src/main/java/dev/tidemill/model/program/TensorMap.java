package dev.tidemill.model.program;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.kernel.BlockedBytes;
import dev.tidemill.model.kernel.BlockedMatrix;
import dev.tidemill.model.kernel.Kernels;
import dev.tidemill.model.kernel.Matrix;
import dev.tidemill.model.safetensors.Dtype;
import dev.tidemill.model.safetensors.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Named tensors in native memory: the weights of a base, fp32 or bf16, or an adapter, fp32. Counts
/// its users: memory is given back when the owner and every user have let go.
///
/// Names are sorted, the order in which the programs see them too.
public final class TensorMap {
  private final PtNDManager manager;
  private final SortedMap<String, PtNDArray> arrays = new TreeMap<>();
  private final AtomicInteger users = new AtomicInteger(1);
  private final IValue dictionary;
  private final Map<String, Matrix> matrices;
  private final long values;

  /// @param prefix the name of the program's argument that these go into, such as `w`
  /// @param tensors what to copy
  /// @param extra scalars that programs find beside the tensors
  public TensorMap(String prefix, Collection<Tensor> tensors, Map<String, Float> extra) {
    manager = Native.newManager();
    for (Tensor tensor : tensors) {
      arrays.put(tensor.name(), copy(manager, tensor));
    }
    values = name(prefix);
    dictionary = dictionary(extra);
    matrices = Map.of();
  }

  private TensorMap(
      String prefix,
      PtNDManager manager,
      Map<String, PtNDArray> filled,
      Map<String, Matrix> matrices) {
    this.manager = manager;
    this.matrices = Map.copyOf(matrices);
    arrays.putAll(filled);
    values = name(prefix);
    dictionary = dictionary(Map.of());
  }

  private long name(String prefix) {
    long count = 0;
    for (Map.Entry<String, PtNDArray> entry : arrays.entrySet()) {
      entry.getValue().setName(prefix + "." + entry.getKey());
      count += entry.getValue().size();
    }
    return count;
  }

  private IValue dictionary(Map<String, Float> extra) {
    Map<String, PtNDArray> all = new TreeMap<>(arrays);
    extra.forEach((name, value) -> all.put(name, (PtNDArray) manager.create(value.floatValue())));
    return IValue.stringMapFrom(all);
  }

  /// Tensors that come into native memory one after the other, each in the format it is to have
  /// there. What is not done when this is closed is given back.
  public static final class Filling implements AutoCloseable {
    private final String prefix;
    private final WeightConverter converter;
    private final Map<String, PtNDArray> filled = new TreeMap<>();
    private final PtNDManager parts = Native.newManager();
    private final Map<String, Matrix> matrices = new HashMap<>();
    private @Nullable PtNDManager manager = Native.newManager();

    public Filling(String prefix, WeightConverter converter) {
      this.prefix = prefix;
      this.converter = converter;
    }

    /// Copies a tensor.
    ///
    /// @param turned whether a matrix is to lie the other way round
    public void add(Tensor tensor, Dtype dtype, boolean turned) {
      filled.put(tensor.name(), converter.convert(open(), tensor, dtype, turned));
    }

    /// A copy that is to become part of something larger.
    public PtNDArray part(Tensor tensor, Dtype dtype, boolean turned) {
      return converter.convert(parts, tensor, dtype, turned);
    }

    /// Matrices that read the same inputs, as one that is laid out for the processor. The parts are
    /// gone after it.
    ///
    /// @param int8 whether it is rounded to 8 bits
    public void packed(String name, List<PtNDArray> parts, boolean int8) {
      if (int8) {
        WeightConverter.Quantized made = converter.quantize(open(), parts);
        filled.put(name + ".packed", made.packed());
        filled.put(name + ".scale", made.scale());
        filled.put(name + ".zeros", made.zeros());
        if (Kernels.available()) {
          BlockedBytes.of(made.packed(), made.plain(), made.scale())
              .ifPresent(matrix -> matrices.put(name, matrix));
        }
        made.plain().close();
      } else {
        PtNDArray packed = converter.pack(open(), parts);
        filled.put(name + ".packed", packed);
        if (Kernels.available() && packed.getDataType() == DataType.BFLOAT16) {
          BlockedMatrix.of(packed, parts).ifPresent(matrix -> matrices.put(name, matrix));
        }
      }
      parts.forEach(PtNDArray::close);
    }

    /// Vectors as one. The parts are gone after it.
    public void joined(String name, List<PtNDArray> vectors) {
      filled.put(name, converter.join(open(), vectors));
      vectors.forEach(PtNDArray::close);
    }

    public TensorMap done() {
      TensorMap map = new TensorMap(prefix, open(), filled, matrices);
      manager = null;
      return map;
    }

    private PtNDManager open() {
      return Objects.requireNonNull(manager, "it is done");
    }

    @Override
    public void close() {
      parts.close();
      if (manager != null) {
        manager.close();
      }
    }
  }

  /// A native copy of a tensor, owned by the manager.
  public static PtNDArray copy(PtNDManager manager, Tensor tensor) {
    int[] sizes = tensor.shape();
    long[] shape = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      shape[i] = sizes[i];
    }
    // Over a direct buffer DJL makes a view of memory that Java owns; the duplicate is the
    // engine's.
    try (NDArray view =
        manager.create(tensor.toDirectFloats(), new Shape(shape), DataType.FLOAT32)) {
      return (PtNDArray) view.duplicate();
    }
  }

  /// The values of an fp32 array, outside native memory.
  public static Tensor toTensor(String name, NDArray array) {
    long[] shape = array.getShape().getShape();
    int[] sizes = new int[shape.length];
    for (int i = 0; i < shape.length; i++) {
      sizes[i] = Math.toIntExact(shape[i]);
    }
    ByteBuffer bytes = array.toByteBuffer();
    return Tensor.ofFloats(name, sizes, bytes);
  }

  /// A dictionary for programs that go without an adapter; the caller closes it.
  public static IValue emptyDictionary() {
    Native.start();
    return IValue.stringMapFrom(Map.of());
  }

  public SortedMap<String, PtNDArray> arrays() {
    return arrays;
  }

  /// The dictionary that serving programs take.
  public IValue dictionary() {
    return dictionary;
  }

  /// Matrices that the JVM itself can multiply, by the name of the group.
  public Map<String, Matrix> matrices() {
    return matrices;
  }

  /// The values of one tensor in fp32, outside native memory.
  public Tensor tensor(String name) {
    PtNDArray array = Objects.requireNonNull(arrays.get(name), name);
    if (array.getDataType() == DataType.FLOAT32) {
      return toTensor(name, array);
    }
    try (WeightConverter converter = new WeightConverter()) {
      return converter.widened(name, array);
    }
  }

  /// The values in fp32, outside native memory.
  public List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    try (WeightConverter converter = new WeightConverter()) {
      arrays.forEach(
          (name, array) ->
              tensors.add(
                  array.getDataType() == DataType.FLOAT32
                      ? toTensor(name, array)
                      : converter.widened(name, array)));
    }
    return tensors;
  }

  /// Size in native memory.
  public long bytes() {
    return arrays.values().stream()
        .mapToLong(array -> array.size() * array.getDataType().getNumOfBytes())
        .sum();
  }

  /// Number of values.
  public long values() {
    return values;
  }

  /// Keeps the memory until [#release].
  public TensorMap acquire() {
    int before = users.getAndUpdate(count -> count == 0 ? 0 : count + 1);
    if (before == 0) {
      throw new IllegalStateException("These weights have been given back.");
    }
    return this;
  }

  public void release() {
    int left = users.decrementAndGet();
    if (left == 0) {
      dictionary.close();
      manager.close();
    } else if (left < 0) {
      throw new IllegalStateException("These weights were released more often than acquired.");
    }
  }
}
