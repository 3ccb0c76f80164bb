package dev.tidemill.client;

import java.util.ArrayList;
import java.util.List;

/// What became of each record that was pushed, in the order in which they were given.
public record Receipt(List<Result> results) {

  /// What became of one record.
  public sealed interface Result permits Accepted, Rejected {
    /// Position of the record in what was pushed, from 0.
    int index();
  }

  /// The broker has acknowledged it.
  public record Accepted(int index, String id) implements Result {}

  /// It was not taken in, and will not be however often it is sent.
  public record Rejected(int index, Problem problem) implements Result {}

  public Receipt {
    results = List.copyOf(results);
  }

  public List<Accepted> accepted() {
    return of(Accepted.class);
  }

  public List<Rejected> rejected() {
    return of(Rejected.class);
  }

  private <R extends Result> List<R> of(Class<R> kind) {
    List<R> some = new ArrayList<>();
    for (Result result : results) {
      if (kind.isInstance(result)) {
        some.add(kind.cast(result));
      }
    }
    return some;
  }
}
