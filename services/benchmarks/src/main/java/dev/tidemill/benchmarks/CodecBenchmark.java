package dev.tidemill.benchmarks;

import dev.tidemill.events.Document;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Wire form of a document of 2 KB, both ways.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {
  private final AvroCodec<Document> codec = AvroCodec.of(Document.class);
  private final Document document =
      new Document(
          "id-1",
          "key-1",
          "producer",
          "https://example.org/page",
          "Apache-2.0",
          null,
          "A title",
          "word ".repeat(400),
          Map.of("language", "en"),
          Instant.ofEpochMilli(1_700_000_000_000L));
  private final byte[] bytes = codec.encode(document);

  @Benchmark
  public byte[] encode() {
    return codec.encode(document);
  }

  @Benchmark
  public Document decode() throws MalformedRecordException {
    return codec.decode(bytes);
  }
}
