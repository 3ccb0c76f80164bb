package dev.tidemill.curator.guard;

/// The mean of the last numbers. Threads may share it.
public final class Sliding {
  private final double[] last;
  private int next;
  private int size;
  private double sum;

  /// @param most numbers remembered
  public Sliding(int most) {
    last = new double[most];
  }

  /// Adds a number, the oldest forgotten.
  public synchronized void add(double number) {
    sum += number - last[next];
    last[next] = number;
    next = (next + 1) % last.length;
    size = Math.min(size + 1, last.length);
  }

  /// The mean; 0 of nothing.
  public synchronized double mean() {
    return size == 0 ? 0 : sum / size;
  }

  /// How many are remembered.
  public synchronized int size() {
    return size;
  }
}
