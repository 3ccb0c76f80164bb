package dev.tidemill.benchmarks.scenario;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.tools.ProducerPerformance;

/// Kafka's own producer performance tool, run in this JVM, so that it is as warm as what it is
/// compared with.
final class ProducerTool {

  private static final Pattern RATE = Pattern.compile("records sent, ([0-9.]+) records/sec");

  private final List<String> arguments;

  /// @param payloads file of lines, of which each record is one
  /// @param settings of the producer, beside acks=all and idempotence
  ProducerTool(String bootstrapServers, String topic, Path payloads, Map<String, String> settings) {
    arguments = new ArrayList<>(List.of("--topic", topic, "--throughput", "-1"));
    arguments.addAll(List.of("--payload-file", payloads.toString()));
    arguments.addAll(List.of("--producer-props", "bootstrap.servers=" + bootstrapServers));
    arguments.addAll(List.of("acks=all", "enable.idempotence=true"));
    settings.forEach((name, value) -> arguments.add(name + "=" + value));
  }

  /// Sends so many records as fast as the tool can.
  double recordsPerSecond(int records) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(0, List.of("--num-records", Integer.toString(records)));
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream out = System.out;
    try (PrintStream captured = new PrintStream(said, true, StandardCharsets.UTF_8)) {
      System.setOut(captured);
      ProducerPerformance.main(all.toArray(String[]::new));
    } catch (Exception e) {
      throw new IllegalStateException("the producer performance tool failed", e);
    } finally {
      System.setOut(out);
    }
    String text = said.toString(StandardCharsets.UTF_8);
    Matcher rate = RATE.matcher(text);
    double last = Double.NaN;
    // The last line is that of the whole run.
    while (rate.find()) {
      last = Double.parseDouble(rate.group(1));
    }
    if (!(last > 0)) {
      throw new IllegalStateException("the producer performance tool sent nothing: " + text);
    }
    return last;
  }
}
