package dev.tidemill.model.program;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.tidemill.model.safetensors.Dtype;
import dev.tidemill.model.safetensors.Tensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/// Copies weights into the engine's memory in the format they are to have there, and back. The
/// thread that made it uses and closes it.
public final class WeightConverter implements AutoCloseable {
  /// What [#widestSum] is where no bit of it is lost.
  static final float WIDEST = 255f * 127 * 64;

  private final PtNDManager manager = Native.newManager();
  private final PtSymbolBlock block;

  public WeightConverter() {
    byte[] archive =
        ProgramArchive.pack(ProgramArchive.source(List.of("weights.py")), "Weights", Map.of());
    JniUtils.setGraphExecutorOptimize(false);
    try {
      block = JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /// The engine's number of a type.
  private static int number(Dtype dtype) {
    return switch (dtype) {
      case F32 -> 6;
      case F16 -> 5;
      case BF16 -> 15;
    };
  }

  /// A native copy. The values must lie outside the heap, as those of a file do.
  ///
  /// @param target [Dtype#F32] or [Dtype#BF16]
  /// @param turned whether a matrix is to lie the other way round
  PtNDArray convert(PtNDManager owner, Tensor tensor, Dtype target, boolean turned) {
    int[] sizes = tensor.shape();
    long[] inBytes = new long[sizes.length];
    long[] values = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      inBytes[i] = sizes[i];
      values[turned ? sizes.length - 1 - i : i] = sizes[i];
    }
    inBytes[sizes.length - 1] *= tensor.dtype().bytes();
    try (PtNDManager call = (PtNDManager) manager.newSubManager()) {
      NDArray bytes = call.create(direct(tensor.bytes()), new Shape(inBytes), DataType.UINT8);
      NDList inputs =
          new NDList(
              bytes,
              call.create((long) number(tensor.dtype())),
              call.create((long) number(target)),
              call.create(turned));
      PtNDArray made = run(call, "convert", inputs);
      if (target == Dtype.BF16) {
        return OpaqueArray.of(owner, made, DataType.BFLOAT16, new Shape(values));
      }
      made.attach(owner);
      return made;
    }
  }

  /// Matrices one below the other, laid out as the processor reads them fastest.
  PtNDArray pack(PtNDManager owner, List<PtNDArray> parts) {
    try (IValue list = IValue.listFrom(parts.toArray(new PtNDArray[0]));
        IValue packed = IValueUtils.runMethod(block, "pack", list)) {
      return opaque(owner, packed.toTensor(owner), parts, parts.getFirst().getDataType());
    }
  }

  /// Matrices of 8 bits.
  ///
  /// @param packed as the engine reads them
  /// @param scale of each output
  /// @param zeros of each output, all 0
  /// @param plain as they are, for who wants to know how they lie; closed by the caller
  record Quantized(PtNDArray packed, PtNDArray scale, PtNDArray zeros, PtNDArray plain) {}

  /// The same rounded to 8 bits.
  Quantized quantize(PtNDManager owner, List<PtNDArray> parts) {
    try (IValue list = IValue.listFrom(parts.toArray(new PtNDArray[0]));
        IValue made = IValueUtils.runMethod(block, "quantize", list)) {
      PtNDArray[] arrays = made.toTensorArray(owner);
      PtNDArray packed = opaque(owner, arrays[0], parts, DataType.INT8);
      return new Quantized(packed, arrays[1], arrays[2], arrays[3]);
    }
  }

  /// Lays out a small matrix in bf16.
  ///
  /// @throws ai.djl.engine.EngineException where the processor has no layout for it
  boolean packsBf16() {
    return probe("pack_bf16") == 0;
  }

  /// The largest sum of 64 products of 8 bits.
  float widestSum() {
    return probe("widest_sum");
  }

  private float probe(String method) {
    try (IValue made = IValueUtils.runMethod(block, method);
        PtNDArray value = made.toTensor(manager)) {
      return value.toFloatArray()[0];
    }
  }

  /// Vectors one after the other.
  PtNDArray join(PtNDManager owner, List<PtNDArray> parts) {
    try (IValue list = IValue.listFrom(parts.toArray(new PtNDArray[0]));
        IValue joined = IValueUtils.runMethod(block, "join", list)) {
      return opaque(owner, joined.toTensor(owner), parts, parts.getFirst().getDataType());
    }
  }

  private static PtNDArray opaque(
      PtNDManager owner, PtNDArray made, List<PtNDArray> parts, DataType type) {
    long rows = parts.stream().mapToLong(part -> part.getShape().get(0)).sum();
    long[] shape = parts.getFirst().getShape().getShape().clone();
    shape[0] = rows;
    return OpaqueArray.of(owner, made, type, new Shape(shape));
  }

  /// The values of an array in fp32, outside native memory.
  Tensor widened(String name, PtNDArray array) {
    try (PtNDManager call = (PtNDManager) manager.newSubManager()) {
      NDArray selector = call.create(0f);
      selector.setName("module_method:widen");
      // Asked by a second array over the same memory: the result hangs on the manager of the first
      // input, and the name of the array is its place among other arguments.
      NDArray unnamed = array.stopGradient();
      try {
        NDArray made = IValueUtils.forward(block, new NDList(unnamed, selector), true).head();
        try {
          return TensorMap.toTensor(name, made);
        } finally {
          made.close();
        }
      } finally {
        unnamed.close();
      }
    }
  }

  private PtNDArray run(PtNDManager call, String method, NDList inputs) {
    NDArray selector = call.create(0f);
    selector.setName("module_method:" + method);
    inputs.add(selector);
    return (PtNDArray) IValueUtils.forward(block, inputs, true).head();
  }

  private static ByteBuffer direct(ByteBuffer bytes) {
    return bytes.isDirect()
        ? bytes
        : ByteBuffer.allocateDirect(bytes.remaining()).put(bytes.duplicate()).flip();
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
