package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Sft;
import dev.tidemill.platform.kafka.TopicTable;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What is kept out of training for ever, as it stands in the holdout topic. In the order of its
/// keys, so that measuring twice gives the same number.
final class HeldOut {
  private final TopicTable<Holdout> table;
  private final int most;

  /// @param most at most as many items of a kind
  HeldOut(TopicTable<Holdout> table, int most) {
    this.table = table;
    this.most = most;
  }

  List<CuratedDocument> documents() {
    return items(
        holdout -> holdout.getItem() instanceof CuratedDocument document ? document : null);
  }

  /// Held-out examples of a task that are answers to learn.
  List<Sft> answers(String task) {
    return items(
        holdout ->
            holdout.getItem() instanceof Example example
                    && example.getTask().equals(task)
                    && example.getTraining() instanceof Sft sft
                ? sft
                : null);
  }

  private <T> List<T> items(Function<Holdout, @Nullable T> choice) {
    return table.image().entrySet().stream()
        .sorted(Comparator.comparing(Map.Entry::getKey))
        .map(Map.Entry::getValue)
        .map(choice)
        .filter(Objects::nonNull)
        .limit(most)
        .map(Objects::requireNonNull)
        .toList();
  }
}
