package dev.tidemill.curator.erasure;

import dev.tidemill.curator.domain.ErasedSubjects;
import dev.tidemill.curator.domain.Forgetting;
import dev.tidemill.curator.domain.Limits;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Erasure;
import dev.tidemill.events.Release;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.kafka.WholeTopics;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.ErasedPositions;
import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.schemas.Topic;
import dev.tidemill.schemas.TopicCatalogue;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/// Looks in every topic for what a subject gave before it asked to be forgotten. It reads the
/// topics itself and trusts no other part of the curator.
public final class ErasureAudit {
  // Longer than a transaction can stay open.
  static final Duration PATIENCE = Duration.ofMinutes(3);

  /// What a topic holds of the subject.
  ///
  /// @param seen records read
  /// @param found records of the subject, and others with its name in their bytes, that a reader
  ///   would take for valid
  /// @param present those that a tombstone or a later record has taken the place of, or that a
  ///   stage of the curator has passed: Kafka has yet to clean them away
  /// @param since records that the subject gave after its last erasure; they may be there
  public record TopicAccount(String topic, long seen, long found, long present, long since) {}

  /// A release that has learnt from a removed record, and its state.
  public record Contained(String release, String state) {}

  /// The result.
  ///
  /// @param erasures how many erasures of the subject were applied
  public record Report(int erasures, List<TopicAccount> topics, List<Contained> releases) {
    public Report {
      topics = List.copyOf(topics);
      releases = List.copyOf(releases);
    }

    /// Whether no topic holds anything of the subject that counts.
    public boolean absent() {
      return topics.stream().allMatch(topic -> topic.found() == 0);
    }

    /// Whether Kafka has cleaned away the bytes, too.
    public boolean physicallyAbsent() {
      return absent() && topics.stream().allMatch(topic -> topic.present() == 0);
    }
  }

  private final KafkaClients kafka;
  private final String applicationId;

  /// @param applicationId of the curator, whose internal topics are looked into as well
  public ErasureAudit(KafkaClients kafka, String applicationId) {
    this.kafka = kafka;
    this.applicationId = applicationId;
  }

  /// Audits one subject. One that never asked to be forgotten has all its records found.
  public Report run(String subject) {
    ErasedSubjects asked = asked(subject);
    try (Admin admin = kafka.admin();
        Consumer<String, byte[]> committed = kafka.reader("erasure-audit");
        Consumer<String, byte[]> everything = kafka.uncommittedReader("erasure-audit-all")) {
      Set<String> topics = topics(admin);
      Map<TopicPartition, Long> passed = passed(admin);
      Map<String, Trace> traces = new LinkedHashMap<>();
      Readings readings = new Readings(kafka);
      for (String topic : topics) {
        traces.put(topic, new Trace(topic, subject, asked, readings, passed));
      }
      new WholeTopics(committed, PATIENCE)
          .visitLogs(admin, topics, record -> trace(traces, record.topic()).committed(record));
      new WholeTopics(everything, PATIENCE)
          .visitLogs(admin, topics, record -> trace(traces, record.topic()).physical(record));
      List<AppliedErasure> applied = applied(subject);
      return new Report(
          (int) applied.stream().map(AppliedErasure::getId).distinct().count(),
          traces.values().stream().map(Trace::account).toList(),
          releases(applied));
    }
  }

  private ErasedSubjects asked(String subject) {
    ErasedSubjects asked = new ErasedSubjects();
    boolean never = true;
    for (TopicRecord<Erasure> record : new TopicReader(kafka).readAll(Topics.ERASURES)) {
      Erasure erasure = record.value();
      if (erasure != null
          && erasure.getSubject().equals(subject)
          && Forgetting.of(erasure, record.timestamp(), Limits.DEFAULT)
              instanceof Verdict.Accepted<Forgetting>(Forgetting forgetting)) {
        asked.add(forgetting);
        never = false;
      }
    }
    if (never) {
      asked.add(new Forgetting(subject, Instant.MAX));
    }
    return asked;
  }

  private Set<String> topics(Admin admin) {
    Set<String> topics = new TreeSet<>();
    for (Topic<?> topic : TopicCatalogue.all()) {
      topics.add(topic.name());
    }
    // These say who asked to be forgotten, and are all that may.
    topics.remove(Topics.ERASURES.name());
    topics.remove(Topics.APPLIED_ERASURES.name());
    try {
      Set<String> existing = admin.listTopics().names().get();
      topics.retainAll(existing);
      existing.stream().filter(name -> name.startsWith(applicationId + "-")).forEach(topics::add);
      return topics;
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RetriableFault("the look for topics was interrupted", e);
    }
  }

  // What a stage has read of an internal topic is done with, and deleted soon.
  private Map<TopicPartition, Long> passed(Admin admin) {
    try {
      Map<TopicPartition, Long> passed = new HashMap<>();
      admin
          .listConsumerGroupOffsets(applicationId)
          .partitionsToOffsetAndMetadata()
          .get()
          .forEach((partition, offset) -> passed.put(partition, offset.offset()));
      return passed;
    } catch (ExecutionException e) {
      throw KafkaFaults.classify(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RetriableFault("the look at the curator's offsets was interrupted", e);
    }
  }

  private List<AppliedErasure> applied(String subject) {
    List<AppliedErasure> applied = new ArrayList<>();
    for (TopicRecord<AppliedErasure> record :
        new TopicReader(kafka).readAll(Topics.APPLIED_ERASURES)) {
      AppliedErasure statement = record.value();
      if (statement != null && statement.getSubject().equals(subject)) {
        applied.add(statement);
      }
    }
    return applied;
  }

  private List<Contained> releases(List<AppliedErasure> applied) {
    Map<String, Release> releases = new LinkedHashMap<>();
    for (TopicRecord<Release> record : new TopicReader(kafka).readAll(Topics.RELEASES)) {
      Release release = record.value();
      if (release != null) {
        releases.put(release.getId(), release);
      }
    }
    ErasedPositions places =
        applied.stream()
            .map(statement -> Applied.of(statement).positions())
            .reduce(ErasedPositions.NONE, ErasedPositions::with);
    Set<String> artifacts =
        Provenance.EMPTY
            .with(
                releases.values().stream()
                    .map(release -> Origin.of(release.getCandidate()))
                    .toList(),
                List.of())
            .artifactsWith(places);
    return releases.values().stream()
        .filter(release -> artifacts.contains(release.getCandidate().getArtifact()))
        .map(release -> new Contained(release.getId(), release.getState().name()))
        .toList();
  }

  private static Trace trace(Map<String, Trace> traces, String topic) {
    Trace trace = traces.get(topic);
    if (trace == null) {
      throw new IllegalStateException("a record of " + topic + " was not asked for");
    }
    return trace;
  }
}
