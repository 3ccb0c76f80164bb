package dev.tidemill.model.program;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.safetensors.Tensor;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Named fp32 tensors in native memory: the weights of a base, or an adapter. Counts its users:
/// memory is given back when the owner and every user have let go.
///
/// Names are sorted, the order in which the programs see them too.
public final class TensorMap {
  private final PtNDManager manager;
  private final SortedMap<String, PtNDArray> arrays = new TreeMap<>();
  private final AtomicInteger users = new AtomicInteger(1);
  private final IValue dictionary;
  private final long values;

  /// @param prefix the name of the program's argument that these go into, such as `w`
  /// @param tensors what to copy
  /// @param extra scalars that programs find beside the tensors
  public TensorMap(String prefix, Collection<Tensor> tensors, Map<String, Float> extra) {
    manager = Native.newManager();
    long count = 0;
    for (Tensor tensor : tensors) {
      PtNDArray array = copy(manager, tensor);
      array.setName(prefix + "." + tensor.name());
      arrays.put(tensor.name(), array);
      count += array.size();
    }
    values = count;
    Map<String, PtNDArray> all = new TreeMap<>(arrays);
    extra.forEach((name, value) -> all.put(name, (PtNDArray) manager.create(value.floatValue())));
    dictionary = IValue.stringMapFrom(all);
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

  /// The values of an array, outside native memory.
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
