package dev.tidemill.platform.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.io.Console;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Sets up the log of a process: to standard error, one JSON object a line, or readable lines when
/// a person looks at a terminal. What Kafka and Helidon say is cut down to warnings.
public final class Logging {

  private Logging() {}

  /// JSON unless standard output is a terminal.
  /// JDK 25 went back to the console of java.base, which is null without a terminal.
  @SuppressWarnings("SystemConsoleNull")
  public static void configure() {
    @Nullable Console console = System.console();
    configure(console == null || !console.isTerminal());
  }

  public static void configure(boolean json) {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    ILoggerFactory factory = LoggerFactory.getILoggerFactory();
    if (!(factory instanceof LoggerContext context)) {
      // Another backend is on the class path: its set-up is its own affair.
      return;
    }
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setTarget("System.err");
    attach(context, appender, json ? json(context) : readable(context));
  }

  /// Readable lines into a file instead, for a process whose terminal belongs to its user.
  public static void toFile(Path file) {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      FileAppender<ILoggingEvent> appender = new FileAppender<>();
      appender.setFile(file.toString());
      attach(context, appender, readable(context));
    }
  }

  private static void attach(
      LoggerContext context,
      OutputStreamAppender<ILoggingEvent> appender,
      Encoder<ILoggingEvent> encoder) {
    context.reset();
    encoder.start();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.INFO);
    for (String loud :
        new String[] {
          "org.apache.kafka",
          "kafka",
          "state.change.logger",
          "io.helidon",
          "org.apache.avro",
          "ai.djl"
        }) {
      context.getLogger(loud).setLevel(Level.WARN);
    }
    // It warns of every machine that has no GPU.
    context.getLogger("ai.djl.util.cuda").setLevel(Level.ERROR);
  }

  private static Encoder<ILoggingEvent> json(LoggerContext context) {
    JsonEncoder encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.setWithContext(false);
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithFormattedMessage(true);
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    return encoder;
  }

  private static Encoder<ILoggingEvent> readable(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{0} [%thread] %msg%n");
    return encoder;
  }
}
