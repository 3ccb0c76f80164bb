package dev.tidemill.model.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A named tensor outside native memory: little-endian bytes in a buffer, often a part of a
/// mapped file. Immutable by agreement.
public final class Tensor {
  private final String name;
  private final Dtype dtype;
  private final int[] shape;
  private final ByteBuffer bytes;

  Tensor(String name, Dtype dtype, int[] shape, ByteBuffer bytes) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape.clone();
    this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (this.bytes.remaining() != (long) elements(shape) * dtype.bytes()) {
      throw new IllegalArgumentException(
          "The tensor "
              + name
              + " of shape "
              + Arrays.toString(shape)
              + " does not fit in "
              + this.bytes.remaining()
              + " bytes.");
    }
  }

  /// A tensor of fp32 values in a buffer of little-endian bytes.
  public static Tensor ofFloats(String name, int[] shape, ByteBuffer bytes) {
    return new Tensor(name, Dtype.F32, shape, bytes);
  }

  /// A tensor of fp32 values.
  public static Tensor ofFloats(String name, int[] shape, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.multiplyExact(values.length, 4))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new Tensor(name, Dtype.F32, shape, bytes);
  }

  public String name() {
    return name;
  }

  public Dtype dtype() {
    return dtype;
  }

  public int[] shape() {
    return shape.clone();
  }

  /// Number of values.
  public int size() {
    return elements(shape);
  }

  /// The bytes of the file, read-only.
  public ByteBuffer bytes() {
    return bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  public boolean hasShape(int... expected) {
    return Arrays.equals(shape, expected);
  }

  /// Whether every value is finite.
  public boolean isFinite() {
    // What is not finite has every bit of its exponent set.
    int size = size();
    boolean finite = true;
    switch (dtype) {
      case F32 -> {
        for (int i = 0; i < size; i++) {
          finite &= (bytes.getInt(i * 4) & 0x7f80_0000) != 0x7f80_0000;
        }
      }
      case F16 -> {
        for (int i = 0; i < size; i++) {
          finite &= (bytes.getShort(i * 2) & 0x7c00) != 0x7c00;
        }
      }
      case BF16 -> {
        for (int i = 0; i < size; i++) {
          finite &= (bytes.getShort(i * 2) & 0x7f80) != 0x7f80;
        }
      }
    }
    return finite;
  }

  /// What is wrong with this tensor of a file, in one sentence; null when nothing is.
  ///
  /// @param asker who asks for the shape
  public @Nullable String fault(Path file, String asker, int... expected) {
    if (!hasShape(expected)) {
      return misshapen(name, file, asker, shape, expected);
    }
    return isFinite()
        ? null
        : "The tensor %s in %s has a value that is not finite.".formatted(name, file);
  }

  /// That a tensor of a file has not the shape that is asked for, in one sentence.
  public static String misshapen(
      String name, Path file, String asker, int[] shape, int[] expected) {
    return "The tensor %s in %s has shape %s, but %s asks for %s."
        .formatted(name, file, Arrays.toString(shape), asker, Arrays.toString(expected));
  }

  /// The same values under another name.
  public Tensor named(String newName) {
    return new Tensor(newName, dtype, shape, bytes);
  }

  /// A matrix the other way round, in fp32.
  public Tensor transposed() {
    int rows = shape[0];
    int columns = shape[1];
    float[] values = new float[size()];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        values[column * rows + row] = at(row * columns + column);
      }
    }
    return ofFloats(name, new int[] {columns, rows}, values);
  }

  public float[] toFloats() {
    float[] values = new float[size()];
    toDirectFloats().asFloatBuffer().get(values);
    return values;
  }

  /// The values as fp32 in a direct buffer: the file's own pages when they are fp32 already.
  public ByteBuffer toDirectFloats() {
    if (dtype == Dtype.F32 && bytes.isDirect()) {
      return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }
    ByteBuffer floats =
        ByteBuffer.allocateDirect(Math.multiplyExact(size(), 4)).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer out = floats.asFloatBuffer();
    for (int i = 0; i < size(); i++) {
      out.put(i, at(i));
    }
    return floats;
  }

  private float at(int index) {
    return switch (dtype) {
      case F32 -> bytes.getFloat(index * 4);
      case F16 -> Float.float16ToFloat(bytes.getShort(index * 2));
      case BF16 -> Float.intBitsToFloat(bytes.getShort(index * 2) << 16);
    };
  }

  static int elements(int[] shape) {
    int count = 1;
    for (int size : shape) {
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  @Override
  public String toString() {
    return name + " " + dtype + Arrays.toString(shape);
  }
}
