package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Person;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Reason;
import dev.tidemill.curator.domain.Refusal;
import dev.tidemill.curator.domain.Verdict;
import dev.tidemill.schemas.AvroCodec;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// The way in of one kind of raw record: it must be readable, of nobody who asked to be forgotten,
/// and within the rules. What is not is refused, all else goes to `next`.
///
/// @param persons whose record it is
/// @param rules what a record of this kind must be like
record Entrance<T extends SpecificRecord>(
    Desk desk,
    Erasing erasing,
    AvroCodec<T> codec,
    Function<T, List<Person>> persons,
    BiFunction<Raw, T, Verdict<T>> rules,
    BiConsumer<Raw, T> next) {

  void take(Raw raw) {
    desk.decode(codec, raw).ifPresent(record -> take(raw, record));
  }

  private void take(Raw raw, T record) {
    if (erasing.cover(persons.apply(record))) {
      desk.refuseErased(raw);
      return;
    }
    switch (rules.apply(raw, record)) {
      case Verdict.Refused<T>(Refusal refusal) -> desk.refuse(raw, refusal);
      case Verdict.Accepted<T>(T valid) -> next.accept(raw, valid);
    }
  }

  /// Whether an id comes for the first time, which is remembered. The same content again is
  /// counted, another one is refused.
  ///
  /// @param kind what the id names, for the refusal
  boolean first(Remembered ids, Raw raw, String id, String content, String kind) {
    @Nullable String before = ids.get(id);
    if (before == null) {
      ids.put(id, content, desk.now());
      return true;
    }
    if (content.equals(before)) {
      desk.count(raw, "repeated");
    } else {
      String detail = "id %s names another %s already".formatted(Refusal.show(id), kind);
      desk.refuse(raw, new Refusal(Reason.CONFLICTING_ID, "id", detail));
    }
    return false;
  }
}
