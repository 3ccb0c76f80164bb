package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.benchmarks.scenario.ChildJava;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A program of ours that can be killed and started again in place: same command, same directory,
/// same ports. What it says is appended to a file.
public final class Program implements AutoCloseable {
  private final String name;
  private final List<String> command;
  private final Path folder;
  private volatile @Nullable Process process;

  /// @param jvm further options of the JVM
  public Program(Path folder, String name, List<String> jvm, Class<?> main, List<String> arguments)
      throws IOException {
    this.name = name;
    this.folder = folder;
    List<String> options = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    options.addAll(jvm);
    List<String> java = ChildJava.command(main, options, arguments);
    // A class path is longer than some systems let a command line be.
    Path file = folder.resolve(name + ".args");
    Files.write(
        file,
        java.stream()
            .skip(1)
            .map(a -> '"' + a.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
            .toList());
    this.command = List.of(java.getFirst(), "@" + file);
  }

  public String name() {
    return name;
  }

  public void start() {
    try {
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(Redirect.appendTo(log().toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot be started", e);
    }
  }

  /// `kill -9`; returns when it is dead.
  public void kill() {
    Process running = process;
    if (running == null) {
      return;
    }
    running.destroyForcibly();
    try {
      if (!running.waitFor(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException(name + " survived a kill");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while killing " + name, e);
    }
  }

  /// Its process id; only while it runs.
  public long pid() {
    Process running = process;
    if (running == null) {
      throw new IllegalStateException(name + " does not run");
    }
    return running.pid();
  }

  public boolean isAlive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /// What it says.
  public Path log() {
    return folder.resolve(name + ".log");
  }

  @Override
  public void close() {
    kill();
  }
}
