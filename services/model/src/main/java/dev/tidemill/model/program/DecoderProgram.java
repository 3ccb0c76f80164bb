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
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.family.RopeScaling;
import dev.tidemill.model.family.Traits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One copy of the decoder program, owned by one thread at a time: modules are never shared between
/// threads, and gradient mode and executor settings are per thread. The thread that made it owns it
/// until it lets it go; then the next thread that uses it does.
///
/// The program is packed from [#SOURCES], parts of one class; weights come in with every call.
public final class DecoderProgram implements AutoCloseable {
  private static final List<String> SOURCES =
      List.of("decoder.py", "methods.py", "packed.py", "training.py", "products.py", "serving.py");

  /// The engine's numbers for what is computed in.
  private static final int FP32 = 6;

  private static final int BF16 = 15;

  /// What stands for zero among inputs of linears in 8 bits, or in 7.
  private static final int EIGHT_BITS = 128;

  private static final int SEVEN_BITS = 64;

  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final boolean bf16;
  private volatile @Nullable Thread owner = Thread.currentThread();

  /// What an optimizer fixes for the life of a program; serving passes [#serving].
  ///
  /// @param checkpoint whether layers of adapter training are computed again for their gradients
  public record Training(
      double dropout,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      double clipNorm,
      boolean bf16,
      boolean checkpoint) {
    /// Of programs that do not train.
    public static Training serving(boolean bf16) {
      return new Training(0, 0.9, 0.999, 1e-8, 0, 1, bf16, false);
    }
  }

  public DecoderProgram(DecoderConfig config, Training training) {
    requirePlatformThread();
    bf16 = training.bf16();
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("layers", config.layers());
    attributes.put("heads", config.heads());
    attributes.put("kv_heads", config.kvHeads());
    attributes.put("head_dim", config.headDim());
    attributes.put("inner", config.intermediateSize());
    attributes.put("eps", config.normEps());
    attributes.putAll(traits(config.traits()));
    attributes.put("dtype", training.bf16() ? BF16 : FP32);
    attributes.put("int8_zero", Processor.wholeInt8() ? EIGHT_BITS : SEVEN_BITS);
    attributes.put("dropout", training.dropout());
    attributes.put("checkpoint", training.checkpoint());
    attributes.put("beta1", training.beta1());
    attributes.put("beta2", training.beta2());
    attributes.put("adam_eps", training.epsilon());
    attributes.put("weight_decay", training.weightDecay());
    attributes.put("clip_norm", training.clipNorm());
    byte[] archive = ProgramArchive.pack(ProgramArchive.source(SOURCES), "Decoder", attributes);
    manager = Native.newManager();
    // The plain interpreter: the profiling one re-specialises on every new shape.
    JniUtils.setGraphExecutorOptimize(false);
    try {
      block = JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static Map<String, Object> traits(Traits traits) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    double theta = 1;
    RopeScaling scaling = RopeScaling.NONE;
    if (traits.positions() instanceof Traits.Rotary rotary) {
      theta = rotary.theta();
      scaling = rotary.scaling();
    }
    attributes.put("rotary", traits.positions() instanceof Traits.Rotary);
    attributes.put("theta", theta);
    attributes.put("rope_factor", scaling.factor());
    attributes.put("rope_low", scaling.lowFrequency());
    attributes.put("rope_high", scaling.highFrequency());
    attributes.put("rope_original", (double) scaling.originalPositions());
    attributes.put("layer_norm", traits.layerNorm());
    attributes.put("gated", traits.gated());
    attributes.put("fused", traits.fusedAttention());
    attributes.put("qk_norm", traits.queryKeyNorm());
    attributes.put("window", traits.window().size());
    attributes.put("window_from", traits.window().firstLayer());
    return attributes;
  }

  /// Runs a method that may take gradients. The names of the inputs shape the arguments: `w.x`
  /// goes into the dictionary `w`, `p[]` into the list `p`. The result hangs on the first input's
  /// manager.
  public NDList train(String method, NDList inputs) {
    requireOwner();
    JniUtils.setGradMode(true);
    try (PtNDManager step = (PtNDManager) manager.newSubManager()) {
      NDArray selector = step.create(0f);
      selector.setName("module_method:" + method);
      NDList all = new NDList(inputs);
      all.add(selector);
      return IValueUtils.forward(block, all, true);
    }
  }

  /// Runs a method in inference mode; the result must never enter training.
  public PtNDArray serve(PtNDManager owningManager, String method, IValue... arguments) {
    requireOwner();
    try (IValue result = IValueUtils.runMethod(block, method, arguments)) {
      return result.toTensor(owningManager);
    }
  }

  /// The same where the result is of what is computed in, or laid out for the processor: only
  /// programs may read it.
  public PtNDArray serve(
      PtNDManager owningManager, String method, Shape shape, IValue... arguments) {
    PtNDArray made = serve(manager, method, arguments);
    return OpaqueArray.of(owningManager, made, bf16 ? DataType.BFLOAT16 : DataType.FLOAT32, shape);
  }

  /// The same where the results are a list, which other methods take as a dictionary.
  ///
  /// @param names of the results
  public IValue dictionary(List<String> names, String method, IValue... arguments) {
    requireOwner();
    try (PtNDManager call = newManager();
        IValue result = IValueUtils.runMethod(block, method, arguments)) {
      PtNDArray[] made = result.toTensorArray(call);
      Map<String, PtNDArray> named = new HashMap<>();
      for (int i = 0; i < made.length; i++) {
        named.put(names.get(i), made[i]);
      }
      return IValue.stringMapFrom(named);
    }
  }

  /// Whether bf16 is computed in, or fp32.
  public boolean bf16() {
    return bf16;
  }

  /// Bytes of a value of what is computed in.
  public int valueBytes() {
    return valueBytes(bf16);
  }

  /// The same of a program that computes in bf16, or in fp32.
  public static int valueBytes(boolean bf16) {
    return bf16 ? 2 : 4;
  }

  /// Cosines and sines of the first positions, for training and serving alike.
  public NDList rope(PtNDManager owningManager, int positions) {
    try (NDArray like = owningManager.zeros(new Shape(positions))) {
      return train("rope", new NDList(like));
    }
  }

  /// A manager whose arrays go when this program does, or when it is closed.
  public PtNDManager newManager() {
    return (PtNDManager) manager.newSubManager();
  }

  /// Lets the program go for another thread, which owns it from its first call on. Whoever hands it
  /// over must see to it that the other thread comes after this call.
  public void letGo() {
    requireOwner();
    owner = null;
  }

  private static void requirePlatformThread() {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("Model programs run on platform threads, not virtual ones.");
    }
  }

  public void requireOwner() {
    @Nullable Thread now = owner;
    if (now == null) {
      requirePlatformThread();
      // As in the constructor: the setting is the thread's, not the program's.
      JniUtils.setGraphExecutorOptimize(false);
      owner = Thread.currentThread();
    } else if (!Thread.currentThread().equals(now)) {
      throw new IllegalStateException(
          "This model program belongs to thread "
              + now.getName()
              + ", but thread "
              + Thread.currentThread().getName()
              + " used it.");
    }
  }

  @Override
  public void close() {
    requireOwner();
    block.close();
    manager.close();
  }
}
