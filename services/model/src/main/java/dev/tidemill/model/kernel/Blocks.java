package dev.tidemill.model.kernel;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// A matrix as the engine lays it out for processors with AVX-512: outputs in blocks, in a block
/// four bytes of inputs after the other, in these output after output. The last block is filled up.
///
/// A sum takes its inputs in their order, whatever else is computed beside it: a row's outputs are
/// the same to the bit in whichever company it is.
abstract class Blocks implements Matrix {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  /// A lane has four bytes of inputs.
  static final VectorSpecies<Integer> INPUTS = IntVector.SPECIES_PREFERRED;

  static final int LANES = FLOATS.length();
  static final long VECTOR_BYTES = INPUTS.vectorByteSize();

  /// Outputs that a kernel computes at once.
  private static final int STRIP = 4 * LANES;

  /// Values that are compared to find out how a matrix lies.
  private static final int SAMPLES = 4096;

  /// How many of them are of the first half of the outputs, which is there however a matrix lies:
  /// where a guess is wrong, one of these tells.
  private static final int CAREFUL = 64;

  /// Different values among them by which a matrix is known.
  private static final int ENOUGH = 16;

  final long address;
  final int outputs;
  final int inputs;
  final int block;
  private final int padded;
  private final int valueBytes;

  Blocks(long address, int outputs, int inputs, int block, int padded, int valueBytes) {
    this.address = address;
    this.outputs = outputs;
    this.inputs = inputs;
    this.block = block;
    this.padded = padded;
    this.valueBytes = valueBytes;
  }

  /// The values of a matrix as they are known to be.
  interface Values {
    int at(int output, int input);
  }

  /// A matrix as it may lie: with so many outputs in a block, and room for so many inputs.
  interface Guess<M> {
    M of(int block, int padded);
  }

  /// Tries how a matrix lies, what takes little memory first: of these nothing is read that is not
  /// there when it takes more.
  ///
  /// @return null when it lies in no way that is known
  static <M extends Blocks> @Nullable M find(int inputs, Guess<M> guess, Values values) {
    int[] filled = IntStream.of(1, 16, 64).map(unit -> (inputs + unit - 1) / unit * unit).toArray();
    for (int padded : IntStream.of(filled).distinct().toArray()) {
      for (int block = 16; block <= 64; block += 16) {
        M matrix = guess.of(block, padded);
        if (block % LANES == 0 && ((Blocks) matrix).holds(values)) {
          return matrix;
        }
      }
    }
    return null;
  }

  /// Some values tell, unless most of them are equal.
  private boolean holds(Values values) {
    SplittableRandom random = new SplittableRandom(outputs);
    Set<Integer> different = new HashSet<>();
    for (int i = 0; i < SAMPLES; i++) {
      int output = random.nextInt(i < CAREFUL ? (outputs + 1) / 2 : outputs);
      int input = random.nextInt(inputs);
      int expected = values.at(output, input);
      if (value(place(output, input)) != expected) {
        return false;
      }
      different.add(expected);
    }
    for (int output = 0; output < outputs && different.size() < ENOUGH; output++) {
      for (int input = 0; input < inputs; input++) {
        if (value(place(output, input)) != values.at(output, input)) {
          return false;
        }
      }
    }
    return true;
  }

  private long place(int output, int input) {
    int together = Integer.BYTES / valueBytes;
    return address(output)
        + 4L * block * (input / together)
        + (long) valueBytes * (input % together);
  }

  /// The value at an address.
  abstract int value(long address);

  /// Where the first weight of an output lies.
  private long address(int output) {
    return address + (long) valueBytes * padded * (output - output % block) + 4L * (output % block);
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
    return tasks() * block;
  }

  @Override
  public int tasks() {
    return (outputs + block - 1) / block;
  }

  @Override
  public void multiply(int task, float[] x, int rows, float[] y) {
    int step = block % STRIP == 0 ? STRIP : LANES;
    int row = 0;
    // The weights of a block come out of a cache for all groups of rows but the first.
    while (row < rows) {
      int together = rows - row >= 4 ? 4 : 1;
      for (int first = task * block; first < (task + 1) * block; first += step) {
        strip(together, step, first, x, row, y);
      }
      row += together;
    }
  }

  private void strip(int together, int step, int first, float[] x, int row, float[] y) {
    long weights = address(first);
    int width = width();
    int source = row * inputs;
    int target = row * width + first;
    if (step == LANES) {
      for (int i = 0; i < together; i++) {
        narrow(weights, x, source + i * inputs, y, target + i * width, first);
      }
    } else if (together == 4) {
      four(weights, x, source, y, target, width, first);
    } else {
      one(weights, x, source, y, target, first);
    }
  }

  /// As many outputs as a vector has lanes, of one row.
  ///
  /// @param weights address of the first
  /// @param source place of the row's inputs
  /// @param target place of its outputs
  /// @param first output
  abstract void narrow(long weights, float[] x, int source, float[] y, int target, int first);

  /// Four times as many, of one row.
  abstract void one(long weights, float[] x, int source, float[] y, int target, int first);

  /// The same of four rows.
  abstract void four(
      long weights, float[] x, int source, float[] y, int target, int width, int first);
}
