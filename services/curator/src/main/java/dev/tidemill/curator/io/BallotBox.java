package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.guard.Ballot;
import dev.tidemill.curator.guard.Ballots;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.guard.Stance;
import dev.tidemill.events.Trust;
import dev.tidemill.schemas.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// What is lately said of each prompt, and when it is to be told to those whose standing it
/// changes.
final class BallotBox {
  /// What is due within this time, in milliseconds, is told at once.
  private static final long TOGETHER = 30_000;

  private final Stage stage;
  private final Desk desk;
  private final Guard guard;
  private final KeyValueStore<String, Ballots> store;
  private final TreeMap<Long, Set<String>> due = new TreeMap<>();
  private final Map<String, Long> dueAt = new HashMap<>();

  BallotBox(Stage stage, Desk desk, KeyValueStore<String, Ballots> store) {
    this.stage = stage;
    this.desk = desk;
    this.guard = stage.config().guard();
    this.store = store;
    try (KeyValueIterator<String, Ballots> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, Ballots> entry = all.next();
        schedule(entry.key, entry.value);
      }
    }
  }

  /// One more ballot: how much of the weight the others on its prompt leave to its evidence.
  double cast(Evidence evidence, boolean campaign) {
    String key = evidence.key();
    long now = desk.streamTime();
    int examples = evidence.examples().size();
    Ballot.Piece piece =
        Ballot.Piece.of(
            evidence.raw().position(),
            examples,
            examples * evidence.weight(),
            evidence.silent(),
            desk.now());
    Ballot cast =
        new Ballot(
            evidence.subjectKey(),
            Stance.of(evidence),
            evidence.voice(),
            campaign,
            evidence.settled() ? piece.settle() : piece,
            Ballot.Verdict.OPEN,
            now);
    @Nullable Ballots before = store.get(key);
    Ballots.Result result =
        (before == null ? Ballots.NONE : before)
            .with(cast, since(now), guard.strangers(evidence.crowd()));
    put(key, result.state());
    if (guard.on()) {
      tell(result.changes(), evidence.raw().timestamp());
    }
    return result.weight();
  }

  /// Tells what is due.
  void tick(long now) {
    while (!due.isEmpty() && due.firstKey() <= now) {
      for (String key : due.pollFirstEntry().getValue()) {
        dueAt.remove(key);
        @Nullable Ballots ballots = store.get(key);
        if (ballots != null) {
          Ballots.Result result = ballots.told(now + TOGETHER, guard.hold().toMillis());
          put(key, result.state());
          tell(result.changes(), now);
        }
      }
    }
  }

  /// Forgets what those subjects said of a prompt.
  void forget(String key, Predicate<String> subjects) {
    @Nullable Ballots present = store.get(key);
    if (present == null) {
      return;
    }
    Ballots left = present.without(subjects);
    if (left.all().size() < present.all().size()) {
      put(key, left);
    }
  }

  /// Forgets prompts of which nothing was said lately.
  void expire() {
    long since = since(desk.streamTime());
    List<String> old = new ArrayList<>();
    try (KeyValueIterator<String, Ballots> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, Ballots> entry = all.next();
        if (entry.value.all().stream().allMatch(ballot -> ballot.at() < since)) {
          old.add(entry.key);
        }
      }
    }
    old.forEach(store::delete);
  }

  private long since(long now) {
    return now - stage.config().caps().agreementWindow().toMillis();
  }

  private void put(String key, Ballots ballots) {
    store.put(key, ballots);
    schedule(key, ballots);
  }

  private void schedule(String key, Ballots ballots) {
    if (!guard.on()) {
      return;
    }
    long next = ballots.next(guard.hold().toMillis()).orElse(Long.MAX_VALUE);
    @Nullable Long before = dueAt.get(key);
    if (before != null && before == next) {
      return;
    }
    if (before != null) {
      Set<String> keys = due.getOrDefault(before, new TreeSet<>());
      keys.remove(key);
      if (keys.isEmpty()) {
        due.remove(before);
      }
      dueAt.remove(key);
    }
    if (next < Long.MAX_VALUE) {
      due.computeIfAbsent(next, d -> new TreeSet<>()).add(key);
      dueAt.put(key, next);
    }
  }

  private void tell(List<Ballots.Change> changes, long timestamp) {
    for (Ballots.Change change : changes) {
      Trust trust =
          Trust.newBuilder()
              .setSubject(Evidence.subjectOf(change.subject()))
              .setAgreed(change.agreed())
              .setDisagreed(change.disagreed())
              .setWitnesses(change.witnesses())
              .setTold(change.told())
              .setPiece(change.piece().source())
              .setWeight(change.piece().weight())
              .setDue(change.due())
              .setLast(change.last())
              .setHeld(change.piece().held())
              .setEventTime(Instant.ofEpochMilli(change.at()))
              .build();
      desk.publish(
          Topics.TRUST.name(), change.subject(), stage.codecs().trust().encode(trust), timestamp);
    }
  }
}
