package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Sft;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.tokenizer.template.TemplateException;
import dev.tidemill.model.train.Evaluation;
import dev.tidemill.model.train.Evaluator;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.window.WindowTrainer.Progress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Measures a candidate and the live base on the same text, each cut by its own tokenizer. What
/// one of them cannot take is measured on neither.
final class HeldOutText {
  private static final int SEQUENCES_PER_CALL = 64;

  private final Evaluator evaluator;
  private final BaseModel candidate;
  private final @Nullable BaseModel live;
  private final Progress progress;

  /// A held-out item as sequences.
  ///
  /// @param live empty when nothing is live
  record Pair(List<TrainingExample> candidate, List<TrainingExample> live) {}

  /// @param live null when nothing is live
  HeldOutText(
      Evaluator evaluator, BaseModel candidate, @Nullable BaseModel live, Progress progress) {
    this.evaluator = evaluator;
    this.candidate = candidate;
    this.live = live;
    this.progress = progress;
  }

  /// Documents, whole.
  List<Pair> documents(List<CuratedDocument> documents) {
    return pairs(documents, BaseRun::sequences);
  }

  /// Answers after their prompts.
  List<Pair> answers(List<Sft> answers) {
    return pairs(answers, HeldOutText::answer);
  }

  /// Of the candidate.
  double bitsPerByte(List<Pair> pairs) {
    return bitsPerByte(candidate, pairs, Pair::candidate);
  }

  /// Of the live base; null when nothing is live.
  @Nullable Double liveBitsPerByte(List<Pair> pairs) {
    @Nullable BaseModel base = live;
    return base == null ? null : (Double) bitsPerByte(base, pairs, Pair::live);
  }

  private <T> List<Pair> pairs(
      List<T> items, BiFunction<BaseModel, T, List<TrainingExample>> sequences) {
    @Nullable BaseModel base = live;
    List<Pair> pairs = new ArrayList<>();
    for (T item : items) {
      List<TrainingExample> own = sequences.apply(candidate, item);
      List<TrainingExample> others = base == null ? List.of() : sequences.apply(base, item);
      if (!own.isEmpty() && (base == null || !others.isEmpty())) {
        pairs.add(new Pair(own, others));
      }
    }
    return pairs;
  }

  private double bitsPerByte(
      BaseModel base, List<Pair> pairs, Function<Pair, List<TrainingExample>> side) {
    // By length, so that little of a call is padding.
    List<TrainingExample> sequences =
        pairs.stream()
            .flatMap(pair -> side.apply(pair).stream())
            .sorted(Comparator.comparingInt(sequence -> sequence.tokens().length))
            .toList();
    double bits = 0;
    long bytes = 0;
    for (int from = 0; from < sequences.size(); from += SEQUENCES_PER_CALL) {
      progress.step();
      int to = Math.min(sequences.size(), from + SEQUENCES_PER_CALL);
      Evaluation part = evaluator.evaluate(base, null, sequences.subList(from, to));
      if (part.bytes() > 0) {
        bits += part.bitsPerByte() * part.bytes();
        bytes += part.bytes();
      }
    }
    return bits / bytes;
  }

  private static List<TrainingExample> answer(BaseModel base, Sft sft) {
    List<ChatMessage> turns = new ArrayList<>();
    sft.getPrompt().forEach(m -> turns.add(new ChatMessage(m.getRole(), m.getContent())));
    turns.add(new ChatMessage("assistant", sft.getAnswer()));
    try {
      TrainingExample example = TrainingExample.chat(base.tokenizer(), turns, 1);
      boolean fits = example.tokens().length <= base.config().maxPositions();
      return fits && example.labelledTokens() > 0 ? List.of(example) : List.of();
    } catch (TemplateException | IllegalArgumentException refused) {
      return List.of();
    }
  }
}
