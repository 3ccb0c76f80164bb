package dev.tidemill.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/// A program as a process of its own. Those of Java run on the same JVM, ours with the same flags
/// and the same classes as these tests, but for the tests' own. What it says goes to files.
final class Child implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int TAIL = 40;

  private final String name;
  private final Process process;
  private final Path out;
  private final Path err;

  private Child(String name, Process process, Path out, Path err) {
    this.name = name;
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /// Starts a main class.
  ///
  /// @param folder takes what it says, in files of this name
  /// @param wrapper command line that is put before that of the JVM
  /// @param jvm further options of the JVM
  static Child start(
      Path folder,
      String name,
      List<String> wrapper,
      List<String> jvm,
      Class<?> main,
      List<String> arguments) {
    List<String> options = new ArrayList<>();
    // The build passes the flags that every JVM of ours is started with.
    options.addAll(List.of(System.getProperty("tidemill.jvm.flags", "").strip().split("\\s+", -1)));
    options.addAll(jvm);
    options.addAll(List.of("-cp", classPath(), main.getName()));
    options.addAll(arguments);
    options.removeIf(String::isEmpty);
    return launch(folder, name, wrapper, options);
  }

  /// Starts a program of others, as `java -jar` does.
  ///
  /// @param folder takes what it says, in files of this name
  static Child startJar(Path folder, String name, List<String> jvm, Path jar) {
    List<String> options = new ArrayList<>(jvm);
    options.addAll(List.of("-jar", jar.toString()));
    return launch(folder, name, List.of(), options);
  }

  private static Child launch(
      Path folder, String name, List<String> wrapper, List<String> options) {
    List<String> command = new ArrayList<>(wrapper);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + argumentFile(folder.resolve(name + ".args"), options));
    return startCommand(folder, name, command);
  }

  /// Starts a program that is no Java.
  ///
  /// @param folder takes what it says, in files of this name; it runs there
  static Child startCommand(Path folder, String name, List<String> command) {
    Path out = folder.resolve(name + ".out");
    Path err = folder.resolve(name + ".err");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .directory(folder.toFile())
              .start();
      process.getOutputStream().close();
      return new Child(name, process, out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot be started", e);
    }
  }

  /// A class path is longer than some systems let a command line be.
  private static Path argumentFile(Path file, List<String> arguments) {
    List<String> quoted =
        arguments.stream()
            .map(a -> '"' + a.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
            .toList();
    try {
      return Files.write(file, quoted);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be written", e);
    }
  }

  /// The tests' class path without the tests.
  private static String classPath() {
    String separator = System.getProperty("path.separator");
    return Arrays.stream(System.getProperty("java.class.path").split(separator, -1))
        .filter(entry -> !entry.contains("test-classes") && !entry.endsWith("-tests.jar"))
        .collect(Collectors.joining(separator));
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /// Waits until it has said something on standard error; fails at once when it ends before.
  void awaitError(String text, Duration limit) {
    Awaitility.await(name + " says: " + text)
        .atMost(limit)
        .pollInterval(POLL)
        .until(
            () -> {
              boolean running = process.isAlive();
              if (errors().contains(text)) {
                return true;
              }
              if (!running) {
                throw new AssertionError(ended());
              }
              return false;
            });
  }

  /// Fails when it has ended.
  void assertAlive() {
    if (!process.isAlive()) {
      throw new AssertionError(ended());
    }
  }

  /// `kill -9`; returns when it is dead.
  void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(10));
  }

  /// Asks it to stop (SIGTERM) and waits.
  ///
  /// @return its exit code
  int stop(Duration limit) {
    process.destroy();
    return awaitExit(limit);
  }

  /// Waits until it ends.
  ///
  /// @return its exit code
  int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            "%s did not end within %d s; it said:%n%s"
                .formatted(name, limit.toSeconds(), tail(errors())));
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + name, e);
    }
  }

  List<ProcessHandle> descendants() {
    return process.descendants().toList();
  }

  String output() {
    return text(out);
  }

  String errors() {
    return text(err);
  }

  /// What it said last, for messages.
  String lastWords() {
    return "%s said on standard output:%n%s%nand on standard error:%n%s"
        .formatted(name, tail(output()), tail(errors()));
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private String ended() {
    return "%s ended with %d; %s".formatted(name, process.exitValue(), lastWords());
  }

  private static String tail(String text) {
    List<String> lines = text.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }
}
