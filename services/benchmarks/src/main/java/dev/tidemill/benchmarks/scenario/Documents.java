package dev.tidemill.benchmarks.scenario;

import dev.tidemill.events.Document;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Documents of plain words, the same in each run: as NDJSON bodies, and as texts of a length.
final class Documents {

  private static final int BODIES = 32;

  private final int textBytes;
  private final List<byte[]> bodies = new ArrayList<>();

  Documents(int textBytes, int batch) {
    this.textBytes = textBytes;
    Random random = new Random(5);
    for (int body = 0; body < BODIES; body++) {
      StringBuilder lines = new StringBuilder();
      for (int line = 0; line < batch; line++) {
        lines
            .append("{\"key\":\"doc-")
            .append(random.nextInt(1_000_000))
            .append("\",\"source\":\"bench\",\"licence\":\"Apache-2.0\",\"title\":\"A bench\",")
            .append("\"text\":\"")
            .append(text(random, textBytes))
            .append("\",\"event_time\":\"2026-11-21T04:00:00Z\"}\n");
      }
      bodies.add(lines.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  /// Bodies of one batch each.
  List<byte[]> bodies() {
    return bodies;
  }

  /// A document as ingest writes it.
  Document sample() {
    return new Document(
        "019a0000-0000-7000-8000-000000000000",
        "doc-123456",
        "anonymous",
        "bench",
        "Apache-2.0",
        null,
        "A bench",
        text(new Random(6), textBytes),
        Map.of(),
        Instant.parse("2026-11-21T04:00:00Z"));
  }

  /// Lines of the same kind of text, each of so many bytes.
  List<String> texts(int count, int bytes) {
    Random random = new Random(7);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(text(random, bytes));
    }
    return texts;
  }

  private static String text(Random random, int bytes) {
    StringBuilder text = new StringBuilder(bytes + 16);
    while (text.length() < bytes) {
      int letters = 2 + random.nextInt(8);
      for (int i = 0; i < letters; i++) {
        text.append((char) ('a' + random.nextInt(26)));
      }
      text.append(random.nextInt(12) == 0 ? ". " : " ");
    }
    text.setLength(bytes);
    return text.toString();
  }
}
