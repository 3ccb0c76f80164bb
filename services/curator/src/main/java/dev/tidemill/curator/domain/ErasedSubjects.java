package dev.tidemill.curator.domain;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which subjects asked to be forgotten, and until when. Threads may share it.
public final class ErasedSubjects {
  private final Map<String, Instant> until = new ConcurrentHashMap<>();

  /// Adds what an erasure asks for; of two for one subject the later time holds.
  public void add(Forgetting forgetting) {
    until.merge(forgetting.subject(), forgetting.until(), (a, b) -> a.isAfter(b) ? a : b);
  }

  /// Whether this subject asked at all.
  public boolean named(@Nullable String subject) {
    return subject != null && until.containsKey(subject);
  }

  /// Whether one of those behind a record asked to be forgotten after giving it.
  public boolean cover(List<Person> persons) {
    return !until.isEmpty() && persons.stream().anyMatch(this::covers);
  }

  /// The subjects among those behind a record that asked to be forgotten after giving it.
  public Set<String> covered(List<Person> persons) {
    return persons.stream().filter(this::covers).map(Person::subject).collect(Collectors.toSet());
  }

  /// All of them.
  public Collection<String> subjects() {
    return Set.copyOf(until.keySet());
  }

  private boolean covers(Person person) {
    @Nullable Instant asked = until.get(person.subject());
    return asked != null && !person.time().isAfter(asked);
  }
}
