package dev.tidemill.model.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.program.Native;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.safetensors.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The tensors that are trained, with their moments and step counts, under the names that make
/// them arguments of a training program. Everything is in the order of the sorted names, the
/// order in which the program takes the gradients.
final class Parameters implements AutoCloseable {
  private final PtNDManager manager = Native.newManager();
  private final SortedMap<String, PtNDArray> values = new TreeMap<>();
  private final NDList dictionary = new NDList();
  private final NDList lists = new NDList();
  private final NDList sums = new NDList();
  private final List<NDArray> first = new ArrayList<>();
  private final List<NDArray> second = new ArrayList<>();
  private final IValue served;

  /// @param prefix the dictionary that the program finds them in: `w` or `a`
  /// @param moments moments to go on from, under the names with `m.` and `v.` before them, or
  ///     empty
  /// @param steps steps that the moments stand for
  /// @param extra scalars beside them in the dictionary for serving
  Parameters(
      String prefix,
      Collection<Tensor> tensors,
      Map<String, Tensor> moments,
      long steps,
      Map<String, Float> extra) {
    List<NDArray> decayed = new ArrayList<>();
    List<NDArray> counts = new ArrayList<>();
    for (Tensor tensor : tensors) {
      values.put(tensor.name(), TensorMap.copy(manager, tensor));
    }
    values.forEach(
        (name, value) -> {
          // A second array over the same memory, since an array's name is its place among the
          // arguments.
          named(prefix + "." + name, value.stopGradient(), dictionary);
          first.add(moment(moments.get("m." + name), value));
          second.add(moment(moments.get("v." + name), value));
          counts.add(manager.create((float) steps));
          if (value.getShape().dimension() > 1) {
            decayed.add(value.stopGradient());
          }
        });
    values.values().forEach(value -> named("p[]", value, lists));
    first.forEach(moment -> named("m[]", moment, lists));
    second.forEach(moment -> named("v[]", moment, lists));
    counts.forEach(count -> named("steps[]", count, lists));
    if (decayed.isEmpty()) {
      // A list without elements would be no argument at all.
      decayed.add(manager.zeros(new Shape(1)));
    }
    decayed.forEach(value -> named("decayed[]", value, lists));
    Map<String, PtNDArray> all = new TreeMap<>(values);
    extra.forEach((name, value) -> all.put(name, (PtNDArray) manager.create(value.floatValue())));
    served = IValue.stringMapFrom(all);
  }

  /// The dictionary argument of a training program.
  NDList dictionary() {
    return dictionary;
  }

  /// The list arguments of a training program: values, moments, steps, and what decays.
  NDList lists() {
    return lists;
  }

  /// The list argument in which gradients are added up, zero at first; made when first asked for.
  NDList sums() {
    if (sums.isEmpty()) {
      values
          .values()
          .forEach(value -> named("g[]", manager.zeros(value.getShape(), DataType.FLOAT32), sums));
    }
    return sums;
  }

  /// The dictionary argument of a serving program; it follows the updates.
  IValue served() {
    return served;
  }

  /// A copy of the values as they are now.
  List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    values.forEach((name, value) -> tensors.add(TensorMap.toTensor(name, value)));
    return tensors;
  }

  /// A copy of both moments, named as the constructor takes them.
  List<Tensor> moments() {
    List<Tensor> tensors = new ArrayList<>();
    int index = 0;
    for (String name : values.keySet()) {
      tensors.add(TensorMap.toTensor("m." + name, first.get(index)));
      tensors.add(TensorMap.toTensor("v." + name, second.get(index)));
      index++;
    }
    return tensors;
  }

  @Override
  public void close() {
    served.close();
    manager.close();
  }

  private NDArray moment(@Nullable Tensor saved, PtNDArray value) {
    return saved == null
        ? manager.zeros(value.getShape(), DataType.FLOAT32)
        : TensorMap.copy(manager, saved);
  }

  private static void named(String name, NDArray array, NDList list) {
    array.setName(name);
    list.add(array);
  }
}
