package dev.tidemill.model.kernel;

/// A matrix of weights in native memory, multiplied in parts, each by whichever thread comes first.
public interface Matrix {
  int inputs();

  int outputs();

  /// Places that a row of outputs takes: at least as many as there are outputs.
  int width();

  /// Parts.
  int tasks();

  /// The first rows of inputs in the order in which [#multiply] takes them: as they are, unless a
  /// matrix says otherwise.
  default float[] arranged(float[] x, int rows) {
    return x;
  }

  /// Computes one part of the outputs.
  ///
  /// @param x rows of inputs, arranged
  /// @param y rows of outputs, [#width] apart
  void multiply(int task, float[] x, int rows, float[] y);
}
