package dev.tidemill.curator.erasure;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemill.curator.domain.Person;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Says who stands behind the records of the topics that hold what persons gave.
final class Readings {
  /// A name shorter than this occurs by chance too easily.
  private static final int SHORT = 8;

  /// What a value is.
  sealed interface Reading {
    /// A record, with those behind it.
    record Known(List<Person> persons) implements Reading {}

    /// Bytes that are no record; whose they are cannot be told but by a name in them.
    record Unreadable(ByteBuffer bytes) implements Reading {
      /// Whether the subject's name is among the bytes.
      boolean mentions(String subject) {
        return contains(bytes, subject);
      }
    }
  }

  @FunctionalInterface
  private interface Reader {
    List<Person> read(byte[] value) throws MalformedRecordException;
  }

  private final Map<String, Reader> readers = new LinkedHashMap<>();
  private final AvroCodec<DeadLetter> deadLetters;

  Readings(KafkaClients kafka) {
    add(kafka, Topics.DOCUMENTS, Person::of);
    add(kafka, Topics.DEMONSTRATIONS, Person::of);
    add(kafka, Topics.FEEDBACK, Person::of);
    add(kafka, Topics.COMPLETIONS, Person::of);
    add(kafka, Topics.CURATED_DOCUMENTS, Person::of);
    add(kafka, Topics.EXAMPLES, Person::of);
    add(kafka, Topics.HOLDOUT, Person::of);
    add(kafka, Topics.TRUST, Person::of);
    deadLetters = kafka.codec(Topics.DEAD_LETTERS);
  }

  /// Topics that hold what persons gave: those that an erasure cleans.
  static List<Topic<?>> topics() {
    return List.of(
        Topics.DOCUMENTS,
        Topics.DEMONSTRATIONS,
        Topics.FEEDBACK,
        Topics.COMPLETIONS,
        Topics.CURATED_DOCUMENTS,
        Topics.EXAMPLES,
        Topics.HOLDOUT,
        Topics.TRUST,
        Topics.DEAD_LETTERS);
  }

  /// Topics whose records train: a release names offsets of theirs.
  static Set<String> training() {
    return Set.of(Topics.CURATED_DOCUMENTS.name(), Topics.EXAMPLES.name());
  }

  /// What this value of the topic is. A dead letter is what its payload is.
  Reading read(String topic, byte[] value) {
    byte[] bytes = value;
    String source = topic;
    if (topic.equals(Topics.DEAD_LETTERS.name())) {
      try {
        DeadLetter letter = deadLetters.decode(value);
        @Nullable ByteBuffer payload = letter.getPayload();
        if (payload == null) {
          return new Reading.Known(List.of());
        }
        bytes = new byte[payload.remaining()];
        payload.duplicate().get(bytes);
        source = letter.getSource().getTopic();
      } catch (MalformedRecordException e) {
        return new Reading.Unreadable(ByteBuffer.wrap(value));
      }
    }
    @Nullable Reader reader = readers.get(source);
    if (reader == null) {
      return new Reading.Unreadable(ByteBuffer.wrap(bytes));
    }
    try {
      return new Reading.Known(reader.read(bytes));
    } catch (MalformedRecordException e) {
      return new Reading.Unreadable(ByteBuffer.wrap(bytes));
    }
  }

  /// Whether the bytes hold the name in UTF-8. A short one must stand alone, or every other record
  /// would hold it.
  static boolean contains(ByteBuffer bytes, String name) {
    byte[] wanted = name.getBytes(UTF_8);
    for (int at = 0; at + wanted.length <= bytes.limit(); at++) {
      if (matches(bytes, at, wanted)
          && (wanted.length >= SHORT
              || (!wordAt(bytes, at - 1) && !wordAt(bytes, at + wanted.length)))) {
        return true;
      }
    }
    return false;
  }

  private static boolean matches(ByteBuffer bytes, int at, byte[] wanted) {
    for (int i = 0; i < wanted.length; i++) {
      if (bytes.get(at + i) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean wordAt(ByteBuffer bytes, int at) {
    return at >= 0
        && at < bytes.limit()
        && (bytes.get(at) < 0 || Character.isLetterOrDigit((char) bytes.get(at)));
  }

  private <T extends SpecificRecord> void add(
      KafkaClients kafka, Topic<T> topic, Function<T, List<Person>> persons) {
    AvroCodec<T> codec = kafka.codec(topic);
    readers.put(topic.name(), value -> persons.apply(codec.decode(value)));
  }
}
