package dev.tidemill.curator.erasure;

import dev.tidemill.curator.domain.Forgetting;
import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The erasures that were applied, as `.erasures.applied` states them.
final class Applied {
  /// Most positions in one statement, so that it fits into a record; more make more statements.
  static final int MOST_POSITIONS = 20_000;

  private record Name(String id, String subject, Instant until) {}

  private final Set<Name> names = new HashSet<>();
  private Instant newest = Instant.EPOCH;
  private Instant rolled = Instant.EPOCH;

  /// Those that were applied so far.
  static Applied read(KafkaClients kafka) {
    Applied applied = new Applied();
    List<AppliedErasure> statements = new ArrayList<>();
    for (TopicRecord<AppliedErasure> record :
        new TopicReader(kafka).readAll(Topics.APPLIED_ERASURES)) {
      @Nullable AppliedErasure statement = record.value();
      if (statement != null) {
        statements.add(statement);
      }
    }
    applied.add(statements);
    return applied;
  }

  void add(List<AppliedErasure> statements) {
    for (AppliedErasure statement : statements) {
      names.add(new Name(statement.getId(), statement.getSubject(), statement.getEventTime()));
      if (statement.getAppliedAt().isAfter(newest)) {
        newest = statement.getAppliedAt();
      }
    }
  }

  /// What is to be stated of a batch: nothing of an erasure that came before and finds nothing
  /// more.
  List<AppliedErasure> statements(Batch batch, Findings findings, Instant now) {
    List<AppliedErasure> statements = new ArrayList<>();
    Set<Name> stated = new HashSet<>(names);
    for (Batch.Entry entry : batch.entries()) {
      Forgetting forgetting = entry.forgetting();
      Map<String, Long> counts = findings.counts(forgetting.subject());
      Name name = new Name(entry.erasure().getId(), forgetting.subject(), forgetting.until());
      if (stated.add(name) || !counts.isEmpty()) {
        List<SourcePosition> positions = findings.positions(forgetting.subject());
        int from = 0;
        do {
          int to = Math.min(positions.size(), from + MOST_POSITIONS);
          statements.add(
              AppliedErasure.newBuilder()
                  .setId(entry.erasure().getId())
                  .setSubject(forgetting.subject())
                  .setPositions(positions.subList(from, to))
                  .setRecords(from == 0 ? counts : Map.of())
                  .setEventTime(forgetting.until())
                  .setAppliedAt(now)
                  .build());
          from = to;
        } while (from < positions.size());
      }
    }
    return statements;
  }

  /// Whether segments are to be closed: so long after the newest statement and after each roll, as
  /// what comes late of an erased subject is tombstoned at any time.
  boolean rollDue(Instant now, Duration rollAfter) {
    Instant last = newest.isAfter(rolled) ? newest : rolled;
    return !names.isEmpty() && !now.isBefore(last.plus(rollAfter));
  }

  void rolled(Instant now) {
    rolled = now;
  }
}
