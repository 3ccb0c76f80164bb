package dev.tidemill.model.kernel;

import static dev.tidemill.model.kernel.NativeMemory.ALL;
import static dev.tidemill.model.kernel.NativeMemory.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// A matrix in bf16 as it is stored: output after output. Read in vectors of 32 bytes: with wider
/// ones a single stream of memory is slower (docs/log.md).
///
/// A sum takes its inputs in the same order for each row, in whichever company it is.
public final class RowMatrix implements Matrix {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> PAIRS = IntVector.SPECIES_256;
  private static final int LANES = FLOATS.length();
  private static final int UPPER = 0xffff0000;

  /// Inputs of which a vector holds the pairs.
  static final int STEP = 2 * LANES;

  /// Outputs of a task.
  private static final int PART = 64;

  private final long address;
  private final int outputs;
  private final int inputs;

  /// @param inputs a multiple of 16
  public RowMatrix(long address, int outputs, int inputs) {
    if (!takes(inputs)) {
      throw new IllegalArgumentException("inputs must be a multiple of " + STEP + ": " + inputs);
    }
    this.address = address;
    this.outputs = outputs;
    this.inputs = inputs;
  }

  /// Whether a matrix of so many inputs can be multiplied.
  public static boolean takes(int inputs) {
    return inputs % STEP == 0;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int width() {
    return outputs;
  }

  @Override
  public int tasks() {
    return (outputs + PART - 1) / PART;
  }

  @Override
  public void multiply(int task, float[] x, int rows, float[] y) {
    float[] parted = new float[rows * inputs];
    for (int i = 0; i < parted.length; i += STEP) {
      for (int lane = 0; lane < LANES; lane++) {
        parted[i + lane] = x[i + 2 * lane];
        parted[i + LANES + lane] = x[i + 2 * lane + 1];
      }
    }
    float[] sums = new float[LANES];
    for (int output = task * PART; output < Math.min(outputs, (task + 1) * PART); output++) {
      long weights = address + 2L * inputs * output;
      for (int row = 0; row < rows; row++) {
        dot(weights, parted, row * inputs, sums);
        y[row * outputs + output] = VectorMath.total(sums);
      }
    }
  }

  private void dot(long weights, float[] parted, int from, float[] sums) {
    FloatVector first = FloatVector.zero(FLOATS);
    FloatVector second = FloatVector.zero(FLOATS);
    for (int i = 0; i < inputs; i += STEP) {
      IntVector w = IntVector.fromMemorySegment(PAIRS, ALL, weights + 2L * i, ORDER);
      first =
          w.lanewise(VectorOperators.LSHL, Short.SIZE)
              .reinterpretAsFloats()
              .fma(FloatVector.fromArray(FLOATS, parted, from + i), first);
      second =
          w.lanewise(VectorOperators.AND, UPPER)
              .reinterpretAsFloats()
              .fma(FloatVector.fromArray(FLOATS, parted, from + i + LANES), second);
    }
    first.add(second).intoArray(sums, 0);
  }
}
