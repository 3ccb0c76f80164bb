package dev.tidemill.quickstart;

import dev.tidemill.platform.logging.Logging;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Runs the quickstart.
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Runs all of Tidemill on this machine and teaches a small model a world that changes.")
public final class Main implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(Main.class);

  @Option(names = "--exit", description = "Leave after the summary instead of staying up.")
  private boolean exit;

  @Option(names = "--summary", paramLabel = "FILE", description = "Write the summary as JSON.")
  private @Nullable Path summary;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Keep everything in this directory; a later run continues from it. Without it a temporary"
              + " directory is used and removed at the end.")
  private @Nullable Path data;

  @Option(
      names = "--port-base",
      paramLabel = "N",
      defaultValue = "7700",
      description = "First of six ports (default: ${DEFAULT-VALUE}).")
  private int portBase;

  @Option(
      names = "--speed",
      paramLabel = "N",
      defaultValue = "1",
      description = "How fast the simulated users come back with a question (default: 1).")
  private double speed;

  /// Whether a temporary directory is left behind, for the log of what went wrong.
  private boolean keep;

  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  public static void main(String[] args) {
    // What is printed is read by scripts too: the same digits and points everywhere.
    Locale.setDefault(Locale.ROOT);
    int code = new CommandLine(new Main()).execute(args);
    // Native libraries keep threads of their own; nothing of ours is left to do.
    Runtime.getRuntime().halt(code);
  }

  @Override
  public Integer call() throws Exception {
    if (!(speed > 0)) {
      throw new CommandLine.ParameterException(
          new CommandLine(this), "--speed must be above 0, not " + speed);
    }
    Ports ports;
    try {
      ports = new Ports(portBase);
      ports.requireFree();
    } catch (IllegalArgumentException | Ports.PortTakenException e) {
      System.err.println("quickstart: " + e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    @Nullable Path wanted = data;
    boolean temporary = wanted == null;
    Path directory = wanted == null ? Files.createTempDirectory("tidemill-quickstart-") : wanted;
    Files.createDirectories(directory);
    Logging.toFile(directory.resolve("quickstart.log"));
    Thread story = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> interrupt(story), "ctrl-c"));
    try {
      return run(directory, ports);
    } finally {
      if (temporary && !keep) {
        delete(directory);
      }
      stopped.countDown();
    }
  }

  private int run(Path directory, Ports ports) throws Exception {
    try (Progress progress = Progress.onStandardOutput(isTerminal())) {
      progress.print("Tidemill quickstart; everything is in " + directory);
      try (Stack stack = Stack.start(directory, ports, System.getenv());
          Story story = new Story(stack, ports, directory, progress, speed)) {
        Summary measured = story.run();
        progress.print("");
        progress.print("Summary");
        measured.lines().forEach(progress::print);
        if (summary != null) {
          measured.write(summary);
          progress.print("  written to          " + summary);
        }
        if (!exit) {
          story.stayUp();
          stop.await();
        }
        return CommandLine.ExitCode.OK;
      } catch (InterruptedException e) {
        progress.print("Stopped.");
        return CommandLine.ExitCode.OK;
      } catch (TimeoutException | RuntimeException | Asker.UnansweredException e) {
        log.error("the story ended early", e);
        System.err.println("quickstart: " + e.getMessage());
        System.err.println("quickstart: more is in " + directory.resolve("quickstart.log"));
        keep = true;
        return CommandLine.ExitCode.SOFTWARE;
      } finally {
        progress.noStatus();
      }
    }
  }

  /// Whether a person looks on. The console is null where there is none.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    @Nullable Console console = System.console();
    return console != null && console.isTerminal();
  }

  /// Ctrl-C: lets the story end and everything close in order.
  private void interrupt(Thread story) {
    // First, so that it ends the waiting and not the closing that follows.
    story.interrupt();
    stop.countDown();
    try {
      if (!stopped.await(60, TimeUnit.SECONDS)) {
        System.err.println("quickstart: not everything stopped within 60 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(file);
      }
    }
  }
}
