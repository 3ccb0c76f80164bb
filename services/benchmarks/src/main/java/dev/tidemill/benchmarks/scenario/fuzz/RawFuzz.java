package dev.tidemill.benchmarks.scenario.fuzz;

import dev.tidemill.events.Arm;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Correction;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.Preference;
import dev.tidemill.events.Rating;
import dev.tidemill.events.Retraction;
import dev.tidemill.events.Sampling;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/// Records for the raw topics as careless producers would write them: sound ones, sound ones with
/// odd content, and bytes that are none at all.
public final class RawFuzz {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<Arm> ARMS = List.of(Arm.values());
  private static final List<String> ODD =
      List.of(
          "",
          " ",
          "\u0000",
          "\u202e\u200b\ufeff",
          "e\u0301 \ud83d\ude00 漢字",
          "a\r\nb\rc",
          "NaN",
          "x".repeat(600),
          "<EMAIL> me@example.org, +49 30 901820, DE89370400440532013000",
          "'; DROP TABLE examples; --");

  private final AvroCodec<Document> documents = AvroCodec.of(Document.class);
  private final AvroCodec<Demonstration> demonstrations = AvroCodec.of(Demonstration.class);
  private final AvroCodec<Completion> completions = AvroCodec.of(Completion.class);
  private final AvroCodec<Feedback> feedback = AvroCodec.of(Feedback.class);
  private final SplittableRandom random;
  private final TextSource texts;
  private final int completionIds;

  /// Long texts that pass the filters.
  public interface TextSource {
    String text(int number);
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sound(String topic, String key, byte[] value) {}

  /// @param completionIds completions that feedback is about
  public RawFuzz(long seed, TextSource texts, int completionIds) {
    this.random = new SplittableRandom(seed);
    this.texts = texts;
    this.completionIds = completionIds;
  }

  /// The next record.
  public ProducerRecord<byte[], byte[]> next(int number) {
    Sound sound =
        switch (random.nextInt(10)) {
          case 0, 1 -> document(number);
          case 2 -> demonstration(number);
          case 3, 4, 5 -> completion(number);
          default -> feedback(number);
        };
    byte[] key = bytes(sound.key());
    byte @Nullable [] value = sound.value();
    switch (random.nextInt(20)) {
      case 0 -> value = null;
      case 1 -> value = Arrays.copyOf(value, random.nextInt(value.length));
      case 2 -> value = noise(random.nextInt(300));
      case 3 -> value = registryFramed(value);
      case 4, 5 -> mutate(value, 1 + random.nextInt(8));
      case 6 -> key = noise(1 + random.nextInt(20));
      case 7 -> key = bytes("another key");
      default -> {}
    }
    return new ProducerRecord<>(sound.topic(), key, value);
  }

  private Sound document(int number) {
    // Some ids come twice, with the same content and with other content.
    int id = random.nextInt(50) == 0 ? number - random.nextInt(Math.min(number + 1, 100)) : number;
    String key = random.nextInt(30) == 0 ? odd() : "key" + random.nextInt(200_000);
    String text =
        random.nextInt(3) > 0 ? texts.text(random.nextInt(300_000)) : odd() + " number " + number;
    Document value =
        Document.newBuilder()
            .setId(random.nextInt(100) == 0 ? odd() : "document" + id)
            .setKey(key)
            .setProducer(random.nextInt(100) == 0 ? odd() : "fuzz")
            .setSource(random.nextInt(50) == 0 ? odd() : "https://example.org/" + number % 7)
            .setSubject(random.nextInt(20) == 0 ? odd() : null)
            .setText(text)
            .setTags(Map.of())
            .setEventTime(time())
            .build();
    return new Sound(Topics.DOCUMENTS.name(), key, documents.encode(value));
  }

  private Sound demonstration(int number) {
    String id = random.nextInt(50) == 0 ? "again" + random.nextInt(500) : "demonstration" + number;
    Demonstration value =
        Demonstration.newBuilder()
            .setId(id)
            .setProducer("fuzz")
            .setTask(random.nextInt(50) == 0 ? odd() : "task" + random.nextInt(5))
            .setPrompt(prompt())
            .setAnswer(random.nextInt(20) == 0 ? odd() : "answer " + number)
            .setEventTime(time())
            .build();
    return new Sound(Topics.DEMONSTRATIONS.name(), id, demonstrations.encode(value));
  }

  private Sound completion(int number) {
    String id = completionId();
    Completion value =
        Completion.newBuilder()
            .setId(id)
            .setTask("task" + random.nextInt(5))
            .setRelease("task@sha256:1")
            .setBase("sha256:2")
            .setArm(ARMS.get(random.nextInt(ARMS.size())))
            .setReplica("fuzz")
            .setProducer("fuzz")
            .setPrompt(prompt())
            .setAnswer(random.nextInt(20) == 0 ? odd() : "served " + number)
            .setSampling(
                Sampling.newBuilder().setTemperature(0).setTopP(1).setMaxTokens(16).build())
            .setFinishReason(random.nextInt(20) == 0 ? "cancelled" : "stop")
            .setPromptTokens(random.nextInt())
            .setCompletionTokens(random.nextInt())
            .setTimeToFirstTokenSeconds(random.nextDouble())
            .setDurationSeconds(random.nextInt(50) == 0 ? Double.NaN : 1)
            .setEventTime(time())
            .build();
    return new Sound(Topics.COMPLETIONS.name(), id, completions.encode(value));
  }

  // Texts carry the number, so that no evidence is given twice by chance: what an example of the
  // same id replaces is counted for each example, not for each record.
  private Sound feedback(int number) {
    String completion = completionId();
    Object evidence =
        switch (random.nextInt(5)) {
          case 0 -> new Rating(random.nextInt(10) == 0 ? Double.NaN : random.nextDouble(), null);
          case 1, 2 -> new Correction(random.nextInt(20) == 0 ? " " : odd() + " better " + number);
          case 3 -> new Preference(null, "other " + number, random.nextBoolean());
          default -> new Retraction("feedback" + random.nextInt(number + 1));
        };
    Feedback value =
        Feedback.newBuilder()
            .setId("feedback" + number)
            .setCompletionId(completion)
            .setProducer("fuzz" + random.nextInt(3))
            .setSubject(random.nextInt(10) == 0 ? null : "subject" + random.nextInt(20_000))
            .setEvidence(evidence)
            .setEventTime(time())
            .build();
    return new Sound(Topics.FEEDBACK.name(), completion, feedback.encode(value));
  }

  private String completionId() {
    return "completion" + random.nextInt(completionIds);
  }

  private List<Message> prompt() {
    return switch (random.nextInt(20)) {
      case 0 -> List.of();
      case 1 -> List.of(new Message(odd(), odd()));
      case 2 -> List.of(new Message("user", odd()), new Message("assistant", odd()));
      default ->
          List.of(
              new Message("system", "Be brief."),
              new Message("user", "What is number " + random.nextInt(20_000) + "?"));
    };
  }

  private Instant time() {
    return switch (random.nextInt(50)) {
      case 0 -> Instant.ofEpochMilli(random.nextLong());
      case 1 -> Instant.EPOCH;
      case 2 -> START.plusSeconds(4_000_000_000L);
      default -> START.plusSeconds(random.nextInt(1_000_000));
    };
  }

  private String odd() {
    return ODD.get(random.nextInt(ODD.size()));
  }

  // No registry is configured, so this is a form that cannot be read.
  private byte[] registryFramed(byte[] value) {
    byte[] framed = new byte[value.length + 5];
    framed[4] = (byte) random.nextInt(100);
    System.arraycopy(value, 0, framed, 5, value.length);
    return framed;
  }

  private void mutate(byte[] value, int times) {
    for (int i = 0; i < times; i++) {
      value[random.nextInt(value.length)] = (byte) random.nextInt();
    }
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
