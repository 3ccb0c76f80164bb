package dev.tidemill.ingest.io;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Remembers the answers to requests that carried an idempotency key, the least recently asked
/// dropped first: those given here and, by [AnswerTopic], those given elsewhere. That nothing
/// counts twice does not hang on it: record ids follow from the key, and the curator drops repeated
/// ids.
public final class IdempotencyCache {

  /// What is known of a key when a request with it comes.
  sealed interface Lookup {
    /// Nothing: go on, then [#complete] or [#forget] it.
    record Fresh() implements Lookup {}

    /// The same request was answered before.
    record Known(Answer answer) implements Lookup {}

    /// The same request is under way.
    record UnderWay() implements Lookup {}

    /// The key came with another body before.
    record OtherBody() implements Lookup {}
  }

  private record Entry(String bodyDigest, @Nullable Answer answer) {
    long bytes() {
      return answer == null ? 0 : answer.body().length;
    }
  }

  private final int maxEntries;
  private final long maxBytes;
  private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  public IdempotencyCache(int maxEntries, long maxBytes) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
  }

  /// Looks the key up; an unknown one counts as under way from now on.
  synchronized Lookup begin(String key, String bodyDigest) {
    @Nullable Entry entry = entries.get(key);
    if (entry == null) {
      entries.put(key, new Entry(bodyDigest, null));
      return new Lookup.Fresh();
    }
    if (!entry.bodyDigest().equals(bodyDigest)) {
      return new Lookup.OtherBody();
    }
    @Nullable Answer answer = entry.answer();
    return answer == null ? new Lookup.UnderWay() : new Lookup.Known(answer);
  }

  /// Remembers the answer to the request under way.
  synchronized void complete(String key, Answer answer) {
    @Nullable Entry entry = entries.get(key);
    if (entry == null) {
      return;
    }
    put(key, new Entry(entry.bodyDigest(), answer));
  }

  /// Remembers an answer that another gateway, or this one before a restart, has given. What is
  /// known or under way here stays.
  synchronized void learn(String key, String bodyDigest, Answer answer) {
    if (!entries.containsKey(key)) {
      put(key, new Entry(bodyDigest, answer));
    }
  }

  private void put(String key, Entry done) {
    entries.put(key, done);
    bytes += done.bytes();
    // Those under way stay: their number is bounded by that of the requests.
    Iterator<Entry> eldest = entries.values().iterator();
    while ((entries.size() > maxEntries || bytes > maxBytes) && eldest.hasNext()) {
      Entry old = eldest.next();
      if (old.answer() != null) {
        bytes -= old.bytes();
        eldest.remove();
      }
    }
  }

  /// The request under way failed; the next one with the key is a fresh one.
  synchronized void forget(String key) {
    @Nullable Entry entry = entries.get(key);
    if (entry != null && entry.answer() == null) {
      entries.remove(key);
    }
  }

  synchronized int size() {
    return entries.size();
  }
}
