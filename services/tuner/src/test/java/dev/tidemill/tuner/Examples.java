package dev.tidemill.tuner;

import dev.tidemill.events.Binary;
import dev.tidemill.events.Example;
import dev.tidemill.events.Message;
import dev.tidemill.events.Sft;
import java.time.Instant;
import java.util.List;

/// Examples for tests.
final class Examples {
  private Examples() {}

  static Example sft(String id, String task, String question, String answer) {
    return example(id, task, question, new Sft(List.of(new Message("user", question)), answer));
  }

  static Example rated(String id, String task, String question, String answer, boolean good) {
    Binary rated = new Binary(List.of(new Message("user", question)), answer, good);
    return example(id, task, question, rated);
  }

  private static Example example(String id, String task, String question, Object training) {
    return Example.newBuilder()
        .setId(id)
        .setKey(question)
        .setTask(task)
        .setTraining(training)
        .setWeight(1)
        .setProducer("test")
        .setOrigins(List.of())
        .setEventTime(Instant.parse("2026-11-20T23:59:00Z"))
        .setCuratedAt(Instant.parse("2026-11-20T23:59:01Z"))
        .build();
  }
}
