package dev.tidemill.benchmarks.scenario.fuzz;

import dev.tidemill.ingest.fuzz.Mutations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// Requests as careless clients would send them.
public final class BodyFuzz {
  private static final List<String> TYPES =
      List.of(
          "application/json",
          "application/json",
          "application/json",
          "application/x-ndjson",
          "application/json; charset=utf-8",
          "text/plain",
          "application/xml",
          "x");
  private static final List<String> PATHS =
      List.of("/v1/documents", "/v1/demonstrations", "/v1/feedback");

  private final SplittableRandom random;
  private final Mutations mutations;

  /// A request.
  ///
  /// @param idempotencyKey null for none
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Request(
      String method,
      String path,
      String contentType,
      boolean gzip,
      @Nullable String idempotencyKey,
      byte[] body) {}

  public BodyFuzz(long seed) {
    this.random = new SplittableRandom(seed);
    this.mutations = new Mutations(random);
  }

  /// The next request. None asks for an erasure that could be carried out: that would take records
  /// away that are being counted.
  public Request next(int number) {
    String type = TYPES.get(random.nextInt(TYPES.size()));
    String path = PATHS.get(random.nextInt(PATHS.size()));
    String text = sound(path, number);
    if (type.contains("ndjson")) {
      StringBuilder lines = new StringBuilder();
      for (int i = random.nextInt(8); i >= 0; i--) {
        lines.append(mutations.mutated(sound(path, number * 10 + i), 3)).append('\n');
      }
      text = lines.toString();
    } else {
      text = mutations.mutated(text, 2);
    }
    if (random.nextInt(40) == 0) {
      path = random.nextBoolean() ? path + "/x" : "/v1/" + number;
    } else if (random.nextInt(60) == 0) {
      path = "/v1/erasures";
      text = "{\"subject\":" + random.nextInt() + "}";
    }
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    boolean gzip = random.nextInt(8) == 0;
    if (gzip) {
      body = packed(body);
      if (random.nextInt(3) == 0) {
        body[random.nextInt(body.length)] ^= (byte) (1 + random.nextInt(255));
      }
    } else if (random.nextInt(20) == 0) {
      body = mutations.noise(300);
    }
    String key =
        switch (random.nextInt(20)) {
          case 0 -> "key" + random.nextInt(200);
          case 1 -> "key" + number;
          case 2 -> "bad key";
          default -> "";
        };
    String method = random.nextInt(100) == 0 ? "PUT" : "POST";
    return new Request(method, path, type, gzip, key.isEmpty() ? null : key, body);
  }

  private String sound(String path, int number) {
    return switch (path) {
      case "/v1/documents" ->
          "{\"id\":\"http%d\",\"key\":\"http%d\",\"source\":\"s\",\"text\":\"hällo 😀 %d\"}"
              .formatted(number, random.nextInt(50_000), number);
      case "/v1/demonstrations" ->
          "{\"id\":\"http%d\",\"task\":\"t\",\"prompt\":\"question %d\",\"answer\":\"a\"}"
              .formatted(number, random.nextInt(50_000));
      default ->
          random.nextBoolean()
              ? "{\"id\":\"http%d\",\"completion_id\":\"completion%d\",\"correction\":{\"text\":\"http %d\"}}"
                  .formatted(number, random.nextInt(50_000), number)
              : "[{\"completion_id\":\"completion%d\",\"subject\":\"s%d\",\"rating\":{\"value\":0.5}}]"
                  .formatted(random.nextInt(50_000), number);
    };
  }

  private static byte[] packed(byte[] body) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written to", e);
    }
    return packed.toByteArray();
  }
}
