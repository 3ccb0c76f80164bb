package dev.tidemill.benchmarks.scenario.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A program that is killed, and how long it was gone. A watcher asks it again and again whether it
/// works.
final class Victim {
  private final Program program;
  private final BooleanSupplier works;
  private final List<Double> recoveries = new ArrayList<>();
  private final List<Double> outages = new ArrayList<>();
  private int kills;
  private int falls;
  private boolean down = true;
  private boolean startDue = true;
  private long lastKill = System.nanoTime();
  private long outSince = lastKill;

  /// @param works whether it does its work, asked for at most a second or two
  Victim(Program program, BooleanSupplier works) {
    this.program = program;
    this.works = works;
  }

  String name() {
    return program.name();
  }

  void start() {
    program.start();
    synchronized (this) {
      startDue = false;
    }
  }

  /// Kills it if it runs.
  ///
  /// @return false when it did not run
  boolean kill() {
    synchronized (this) {
      if (startDue || !program.isAlive()) {
        return false;
      }
      startDue = true;
      kills++;
      lastKill = System.nanoTime();
      if (!down) {
        outSince = lastKill;
      }
      down = true;
    }
    program.kill();
    return true;
  }

  /// Looks whether it works; starts it again when it ended by itself.
  void look() {
    long killed;
    synchronized (this) {
      if (startDue) {
        return;
      }
      killed = lastKill;
    }
    if (!program.isAlive()) {
      fell();
    } else if (down && works.getAsBoolean()) {
      synchronized (this) {
        if (lastKill == killed && !startDue) {
          recoveries.add((System.nanoTime() - lastKill) / 1e9);
          outages.add((System.nanoTime() - outSince) / 1e9);
          down = false;
        }
      }
    }
  }

  /// Seconds since it last worked; 0 when it does.
  synchronized double outage() {
    return down ? (System.nanoTime() - outSince) / 1e9 : 0;
  }

  synchronized boolean down() {
    return down;
  }

  synchronized int kills() {
    return kills;
  }

  /// How often it ended without being killed.
  synchronized int falls() {
    return falls;
  }

  /// Seconds from each last kill until it worked.
  synchronized List<Double> recoveries() {
    return List.copyOf(recoveries);
  }

  /// Seconds from the first kill until it worked, further kills in between.
  synchronized List<Double> outages() {
    return List.copyOf(outages);
  }

  /// Forgets the times of the first start.
  synchronized void begin() {
    recoveries.clear();
    outages.clear();
  }

  void close() {
    program.close();
  }

  private void fell() {
    synchronized (this) {
      if (startDue || program.isAlive()) {
        return;
      }
      falls++;
      lastKill = System.nanoTime();
      if (!down) {
        outSince = lastKill;
      }
      down = true;
    }
    program.start();
  }
}
