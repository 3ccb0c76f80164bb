package dev.tidemill.model.kernel;

/// A matrix in bf16 as it is stored: output after output. Read in vectors of 32 bytes: with wider
/// ones a single stream of memory is slower (docs/log.md).
///
/// A sum takes its inputs in the same order for each row, in whichever company it is.
public final class RowMatrix implements Matrix {
  /// Outputs of a task.
  private static final int PART = 512;

  private final long address;
  private final int outputs;
  private final int inputs;

  /// @param inputs a multiple of 16
  public RowMatrix(long address, int outputs, int inputs) {
    if (!takes(inputs)) {
      throw new IllegalArgumentException(
          "inputs must be a multiple of " + VectorMath.STEP + ": " + inputs);
    }
    this.address = address;
    this.outputs = outputs;
    this.inputs = inputs;
  }

  /// Whether a matrix of so many inputs can be multiplied.
  public static boolean takes(int inputs) {
    return inputs % VectorMath.STEP == 0;
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
  public float[] arranged(float[] x, int rows) {
    return VectorMath.parted(x, 0, rows * inputs, 1);
  }

  @Override
  public void multiply(int task, float[] x, int rows, float[] y) {
    float[] sums = new float[VectorMath.LANES];
    for (int output = task * PART; output < Math.min(outputs, (task + 1) * PART); output++) {
      long weights = address + 2L * inputs * output;
      for (int row = 0; row < rows; row++) {
        VectorMath.dot(weights, x, row * inputs, inputs, sums);
        y[row * outputs + output] = VectorMath.total(sums, 0);
      }
    }
  }
}
