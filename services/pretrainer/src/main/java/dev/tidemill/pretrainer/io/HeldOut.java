package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Sft;
import dev.tidemill.platform.kafka.TopicTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// What is kept out of training for ever, as it stands in the holdout topic. In the order of its
/// keys, so that measuring twice gives the same number.
public final class HeldOut {
  private final TopicTable<Holdout> table;

  public HeldOut(TopicTable<Holdout> table) {
    this.table = table;
  }

  public List<CuratedDocument> documents() {
    List<CuratedDocument> documents = new ArrayList<>();
    for (Holdout holdout : sorted()) {
      if (holdout.getItem() instanceof CuratedDocument document) {
        documents.add(document);
      }
    }
    return documents;
  }

  /// Held-out examples of a task that are answers to learn.
  public List<Sft> answers(String task) {
    List<Sft> answers = new ArrayList<>();
    for (Holdout holdout : sorted()) {
      if (holdout.getItem() instanceof Example example
          && example.getTask().equals(task)
          && example.getTraining() instanceof Sft sft) {
        answers.add(sft);
      }
    }
    return answers;
  }

  private List<Holdout> sorted() {
    return table.image().entrySet().stream()
        .sorted(Comparator.comparing(Map.Entry::getKey))
        .map(Map.Entry::getValue)
        .toList();
  }
}
