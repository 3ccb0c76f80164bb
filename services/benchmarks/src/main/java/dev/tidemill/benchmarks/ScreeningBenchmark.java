package dev.tidemill.benchmarks;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Rules;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.curator.text.NgramLanguages;
import dev.tidemill.curator.text.Screening;
import dev.tidemill.curator.text.pii.Pii;
import dev.tidemill.curator.text.pii.PiiRules;
import dev.tidemill.events.Document;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.logging.Logging;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What the curator asks of one document of 2 KB, whole and in parts: plain prose, and prose with
/// personal data, numbers and code in it. The budget of the whole is 120 µs.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ScreeningBenchmark {
  private static final int DOCUMENTS = 256;
  private static final String[] WORDS =
      ("the of and to in a is that for it as was with be by on not he his but at are this have from"
              + " or had an they which one you were all her she there would their we him been has"
              + " when who will no more if out so up said what its about than into them can only"
              + " other time new some could these two may first then do any like my now over such"
              + " broker partition producer consumer retention replication configuration cluster")
          .split(" ", -1);
  private static final String[] NOISE = {
    "jane.doe@example.org",
    "+44 20 7946 0958",
    "(415) 555-2671",
    "DE89 3704 0044 0532 0130 00",
    "4111 1111 1111 1111",
    "203.0.113.7:9092",
    "version 3.9.0",
    "2024-03-01T12:30:45Z",
    "offset 1234567890",
    "d41d8cd98f00b204e9800998ecf8427e",
    "linger.ms=5",
    "org.apache.kafka.common.serialization.StringSerializer",
    "AKIAIOSFODNN7EXAMPLE",
    "$1,299.00",
    "http://kafka.apache.org/documentation/#producerconfigs",
    "key: value",
  };

  private final Rules rules;
  private final Screening screening;
  private final Pii pii = new Pii(PiiRules.DEFAULT);
  private final Document[] prose = new Document[DOCUMENTS];
  private final Document[] mixed = new Document[DOCUMENTS];
  private final Raw[] raw = new Raw[DOCUMENTS];
  private int next;

  public ScreeningBenchmark() {
    // As in the services; by default the language detector would write a line for each document.
    Logging.configure();
    CuratorConfig config = CuratorConfig.of(Path.of("unused"));
    screening = config.screening(Screening.Listener.NONE);
    rules = new Rules(config.limits(), screening);
    Random random = new Random(1);
    for (int i = 0; i < DOCUMENTS; i++) {
      prose[i] = document(i, text(random, 0));
      mixed[i] = document(i, text(random, 0.04));
      ByteBuffer key = ByteBuffer.wrap(("key-" + i).getBytes(StandardCharsets.UTF_8));
      raw[i] = new Raw(new SourcePosition("documents", 0, (long) i), 0, key, null);
      if (!(rules.document(raw[i], mixed[i]) instanceof Verdict.Accepted)) {
        throw new IllegalStateException("a refused document would flatter the bench: " + mixed[i]);
      }
    }
  }

  @Benchmark
  public Verdict<Document> wholeOfProse() {
    int i = next();
    return rules.document(raw[i], prose[i]);
  }

  @Benchmark
  public Verdict<Document> wholeOfMixed() {
    int i = next();
    return rules.document(raw[i], mixed[i]);
  }

  @Benchmark
  public Object partQuality() {
    return screening.quality(prose[next()].getText(), "en");
  }

  @Benchmark
  public @Nullable String partLanguage() {
    return NgramLanguages.shared().of(prose[next()].getText());
  }

  @Benchmark
  public Object partPiiOfProse() {
    return pii.replace(prose[next()].getText());
  }

  @Benchmark
  public Object partPiiOfMixed() {
    return pii.replace(mixed[next()].getText());
  }

  @Benchmark
  public String partNormalise() {
    return Texts.normalise(prose[next()].getText());
  }

  private int next() {
    next = (next + 1) % DOCUMENTS;
    return next;
  }

  private static String text(Random random, double noise) {
    StringBuilder text = new StringBuilder();
    int sentence = 0;
    while (text.length() < 2_000) {
      String[] from = random.nextDouble() < noise ? NOISE : WORDS;
      text.append(from[random.nextInt(from.length)]);
      sentence++;
      if (sentence % 90 == 0) {
        text.append(".\n");
      } else {
        text.append(sentence % 15 == 0 ? ". " : " ");
      }
    }
    return text.append("end.").toString();
  }

  private static Document document(int i, String text) {
    return Document.newBuilder()
        .setId("id-" + i)
        .setKey("key-" + i)
        .setProducer("producer")
        .setSource("https://example.org/" + i)
        .setText(text)
        .setTags(Map.of())
        .setEventTime(Instant.EPOCH)
        .build();
  }
}
