package dev.tidemill.benchmarks.scenario;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The command that runs a program of ours in a JVM of its own: this JVM's class path, and the
/// flags that the launchers give every program.
public final class ChildJava {
  private ChildJava() {}

  /// The command that runs a main class.
  ///
  /// @param jvm further options of the JVM
  public static List<String> command(Class<?> main, List<String> jvm, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules",
            "jdk.incubator.vector",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseCompactObjectHeaders"));
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return command;
  }
}
