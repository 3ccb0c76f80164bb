package dev.tidemill.model.kernel;

import ai.djl.pytorch.engine.PtNDArray;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Where the engine's tensors lie in memory.
public final class NativeMemory {
  /// All memory, by absolute addresses: a constant, so that reading through it costs no more than
  /// the access.
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /// Of the engine's C interface: also tells where a tensor lies that is laid out for the
  /// processor.
  private static final String FUNCTION = "aoti_torch_get_data_ptr";

  private static volatile @Nullable MethodHandle dataPointer;

  private NativeMemory() {}

  /// Whether the engine tells. It does not before it is loaded.
  static boolean known() {
    return function() != null;
  }

  private static @Nullable MethodHandle function() {
    if (dataPointer == null) {
      dataPointer =
          SymbolLookup.loaderLookup()
              .find(FUNCTION)
              .map(
                  address ->
                      Linker.nativeLinker()
                          .downcallHandle(
                              address,
                              FunctionDescriptor.of(
                                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS)))
              .orElse(null);
    }
    return dataPointer;
  }

  /// Address of the first value. It holds while the tensor lives.
  public static long address(PtNDArray tensor) {
    MethodHandle function = function();
    if (function == null) {
      throw new IllegalStateException("The engine has no function " + FUNCTION + ".");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment handle = MemorySegment.ofAddress(tensor.getHandle());
      int failure = (int) function.invokeExact(handle, found);
      if (failure != 0) {
        throw new IllegalStateException("The engine does not tell where a tensor lies.");
      }
      return found.get(ValueLayout.JAVA_LONG, 0);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /// A value of 16 bits, widened.
  public static float bf16(long address) {
    int bits = ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    return Float.intBitsToFloat(bits << Short.SIZE);
  }

  /// A value of 32 bits, rounded to the nearest of 16.
  public static float rounded(long address) {
    short nearest = bf16(ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address));
    return Float.intBitsToFloat(nearest << Short.SIZE);
  }

  /// The nearest value of 16 bits, the even one of two that are as near.
  static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> Short.SIZE) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> Short.SIZE) & 1)) >>> Short.SIZE);
  }

  static void put(long address, short value) {
    ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
  }
}
