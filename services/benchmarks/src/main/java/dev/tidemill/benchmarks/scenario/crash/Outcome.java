package dev.tidemill.benchmarks.scenario.crash;

import dev.tidemill.events.Binary;
import dev.tidemill.events.Completion;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Document;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Message;
import dev.tidemill.events.PreferencePair;
import dev.tidemill.events.Sft;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.MalformedRecordException;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/// What the topics hold in the end, as a reader of committed records sees it.
final class Outcome {
  private final KafkaClients clients;
  private final Set<String> documents = new HashSet<>();
  private final Set<String> examples = new HashSet<>();
  private final Set<String> refused = new HashSet<>();
  private final Map<String, String> byId = new HashMap<>();
  private final Set<String> letters = new HashSet<>();
  private final List<String> repeated = new ArrayList<>();

  private Outcome(KafkaClients clients) {
    this.clients = clients;
  }

  /// Reads the topics from end to end.
  static Outcome read(KafkaClients clients) {
    Outcome outcome = new Outcome(clients);
    outcome.each(Topics.EXAMPLES, example -> outcome.example(example, "training"));
    outcome.each(Topics.CURATED_DOCUMENTS, document -> outcome.document(document, "training"));
    outcome.each(
        Topics.HOLDOUT,
        holdout -> {
          switch (holdout.getItem()) {
            case Example example -> outcome.example(example, "holdout");
            case CuratedDocument document -> outcome.document(document, "holdout");
            case Object other -> throw new IllegalStateException("no holdout: " + other);
          }
        });
    outcome.each(Topics.DEAD_LETTERS, outcome::letter);
    return outcome;
  }

  Set<String> documents() {
    return documents;
  }

  Set<String> examples() {
    return examples;
  }

  Set<String> refused() {
    return refused;
  }

  int deadLetters() {
    return letters.size();
  }

  /// All that may train or is held out: where it went and what it says, by its id.
  Map<String, String> byId() {
    return byId;
  }

  /// Ids, or positions of dead letters, that are there more than once.
  List<String> repeated() {
    return repeated;
  }

  private <T extends org.apache.avro.specific.SpecificRecord> void each(
      Topic<T> topic, java.util.function.Consumer<T> consumer) {
    for (TopicRecord<T> record : new TopicReader(clients).readAll(topic)) {
      consumer.accept(Objects.requireNonNull(record.value(), "a tombstone in " + topic.name()));
    }
  }

  private void example(Example example, String side) {
    String content =
        switch (example.getTraining()) {
          case Sft sft -> content(example, "sft", sft.getPrompt(), sft.getAnswer());
          case PreferencePair pair ->
              content(
                  example, "preference", pair.getPrompt(), pair.getChosen(), pair.getRejected());
          case Binary binary ->
              content(
                  example,
                  "binary",
                  binary.getPrompt(),
                  binary.getAnswer(),
                  binary.getGood() ? "good" : "bad");
          case Object other -> throw new IllegalStateException("no training: " + other);
        };
    examples.add(content);
    once("example " + example.getId(), side + "\n" + example.getKey() + "\n" + content);
  }

  private static String content(
      Example example, String kind, List<Message> prompt, String... answers) {
    return Expected.example(
        kind,
        example.getTask(),
        Objects.requireNonNullElse(example.getCompletionId(), ""),
        Objects.requireNonNullElse(example.getSubject(), ""),
        prompt.stream().map(Message::getContent).collect(Collectors.joining("\n")),
        answers);
  }

  private void document(CuratedDocument document, String side) {
    String content = Expected.document(document.getId(), document.getKey(), document.getText());
    documents.add(content);
    once("document " + document.getId(), side + "\n" + content);
  }

  private void letter(DeadLetter letter) {
    String at = letter.getSource().toString();
    if (!letters.add(at)) {
      repeated.add("dead letter of " + at);
    }
    ByteBuffer payload =
        Objects.requireNonNull(letter.getPayload(), "a dead letter of a tombstone");
    byte[] bytes = new byte[payload.remaining()];
    payload.duplicate().get(bytes);
    String topic = letter.getSource().getTopic();
    refused.add(Expected.refused(letter.getReason(), topic, id(topic, bytes)));
  }

  private String id(String topic, byte[] payload) {
    try {
      if (topic.equals(Topics.DOCUMENTS.name())) {
        Document document = clients.codec(Topics.DOCUMENTS).decode(payload);
        return document.getId();
      } else if (topic.equals(Topics.FEEDBACK.name())) {
        Feedback feedback = clients.codec(Topics.FEEDBACK).decode(payload);
        return feedback.getId();
      } else if (topic.equals(Topics.COMPLETIONS.name())) {
        Completion completion = clients.codec(Topics.COMPLETIONS).decode(payload);
        return completion.getId();
      }
      return clients.codec(Topics.DEMONSTRATIONS).decode(payload).getId();
    } catch (MalformedRecordException e) {
      return new String(payload, StandardCharsets.UTF_8);
    }
  }

  private void once(String id, String content) {
    if (byId.putIfAbsent(id, content) != null) {
      repeated.add(id);
    }
  }
}
