package dev.tidemill.quickstart;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Tells the user how far the story is: lines that stay, and below them, on a terminal, one status
/// line that is rewritten each second. Written to a file or pipe, the status becomes a plain line
/// every few seconds, and only when it changed.
public final class Progress implements AutoCloseable {
  private static final String CLEAR_LINE = "\r\u001b[2K";
  private static final int PLAIN_EVERY_TICKS = 5;

  private final PrintStream out;
  private final boolean terminal;
  private final long startNanos = System.nanoTime();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("progress").factory());
  private Supplier<String> status = () -> "";
  private String shown = "";
  private int ticks;

  private Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /// Tells it on standard output.
  ///
  /// @param terminal whether lines can be rewritten there
  public static Progress onStandardOutput(boolean terminal) {
    Progress progress = new Progress(System.out, terminal);
    ScheduledFuture<?> _ =
        progress.ticker.scheduleAtFixedRate(progress::tick, 1, 1, TimeUnit.SECONDS);
    return progress;
  }

  /// A heading: a new part of the story begins.
  public synchronized void act(String title) {
    print("");
    print("%s  %s".formatted(clock(), title));
  }

  /// A line that stays.
  public synchronized void say(String line) {
    print("%s    %s".formatted(clock(), line));
  }

  /// A line without a time, for the summary.
  public synchronized void print(String line) {
    out.println(terminal ? CLEAR_LINE + line : line);
    out.flush();
  }

  /// What the status line shows from now on; it is asked each second.
  public synchronized void status(Supplier<String> text) {
    status = text;
    ticks = 0;
  }

  public synchronized void noStatus() {
    status = () -> "";
    if (terminal) {
      out.print(CLEAR_LINE);
      out.flush();
    }
  }

  /// Time since the start.
  public Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }

  private synchronized void tick() {
    String text;
    try {
      text = status.get();
    } catch (RuntimeException e) {
      // A figure that cannot be read right now is shown at the next tick.
      return;
    }
    ticks++;
    if (text.isEmpty()) {
      return;
    }
    if (terminal) {
      out.print(CLEAR_LINE + clock() + "    … " + text);
      out.flush();
    } else if (ticks % PLAIN_EVERY_TICKS == 0 && !text.equals(shown)) {
      shown = text;
      out.println(clock() + "    … " + text);
      out.flush();
    }
  }

  private String clock() {
    return String.format(Locale.ROOT, "[%5.1fs]", elapsed().toMillis() / 1000.0);
  }

  @Override
  public void close() {
    ticker.shutdownNow();
    noStatus();
  }
}
