package dev.tidemill.tuner.io;

import dev.tidemill.events.Binary;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Sft;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.AdapterFormatException;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.generate.FinishReason;
import dev.tidemill.model.generate.Generation;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.train.Evaluation;
import dev.tidemill.model.train.Evaluator;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.window.Gate;
import dev.tidemill.platform.window.WindowTrainer.Progress;
import dev.tidemill.tuner.TunerConfig.GateConfig;
import dev.tidemill.tuner.TunerConfig.Kind;
import dev.tidemill.tuner.TunerConfig.Ratings;
import dev.tidemill.tuner.domain.Degenerate;
import dev.tidemill.tuner.domain.TrainingSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Judges an adapter against the live release, on what was held out.
final class AdapterGate {

  private static final double NO_LIMIT = Double.MAX_VALUE;

  private final GateConfig config;
  private final String task;
  private final BaseModel base;
  private final int maxTokens;
  private final ReleaseTarget live;
  private final Progress progress;

  /// @param maxTokens longest text that candidate and live release both take
  AdapterGate(
      GateConfig config,
      String task,
      BaseModel base,
      int maxTokens,
      ReleaseTarget live,
      Progress progress) {
    this.config = config;
    this.task = task;
    this.base = base;
    this.maxTokens = maxTokens;
    this.live = live;
    this.progress = progress;
  }

  /// Judges the adapter in the folder.
  ///
  /// @param before the live adapter; null for the bare base
  /// @param trouble why training ended early; null when it did not
  GateReport judge(
      Path folder,
      @Nullable Adapter before,
      Collection<Holdout> heldOut,
      @Nullable String trouble) {
    List<GateCheck> checks = new ArrayList<>();
    checks.add(Gate.finiteTraining(trouble));
    try (Adapter candidate = Adapter.load(folder, base.config());
        Evaluator evaluator = new Evaluator();
        Generator generator = new Generator(base)) {
      List<Example> examples = examples(heldOut);
      checks.add(heldoutLoss(evaluator, candidate, before, examples));
      progress.step();
      checks.add(confirmedLoss(evaluator, candidate, before, examples));
      progress.step();
      checks.add(retention(evaluator, candidate, before, heldOut));
      progress.step();
      checks.add(probes(generator, candidate, before, examples));
    } catch (AdapterFormatException unusable) {
      checks.set(0, Gate.finiteTraining(String.valueOf(unusable.getMessage())));
    }
    return Gate.report(live.getRelease(), checks);
  }

  /// Answers that somebody gave: corrections and demonstrations.
  private GateCheck heldoutLoss(
      Evaluator evaluator, Adapter candidate, @Nullable Adapter before, List<Example> examples) {
    List<TrainingExample> items = answers(examples, Kind.SFT);
    if (items.size() < config.minHeldout()) {
      return Gate.tooFew("heldout_loss", items.size(), config.minHeldout(), "held-out examples");
    }
    return Gate.atMost(
        "heldout_loss",
        evaluator.evaluate(base, candidate, items).lossPerToken(),
        evaluator.evaluate(base, before, items).lossPerToken(),
        config.heldoutTolerance(),
        NO_LIMIT,
        "nats per answer token on " + items.size() + " held-out examples");
  }

  /// Answers that releases gave and users confirmed: what must not be unlearnt.
  private GateCheck confirmedLoss(
      Evaluator evaluator, Adapter candidate, @Nullable Adapter before, List<Example> examples) {
    List<TrainingExample> items = answers(examples, Kind.BINARY);
    if (items.size() < config.minHeldout()) {
      return Gate.tooFew(
          "confirmed_loss", items.size(), config.minHeldout(), "held-out confirmed answers");
    }
    return Gate.within(
        "confirmed_loss",
        evaluator.evaluate(base, candidate, items).lossPerToken(),
        evaluator.evaluate(base, before, items).lossPerToken(),
        config.confirmedSlack(),
        "nats per answer token on " + items.size() + " held-out confirmed answers");
  }

  private List<TrainingExample> answers(List<Example> examples, Kind kind) {
    return TrainingSet.of(examples, List.of(kind), Ratings.SFT, base.tokenizer(), maxTokens).sft();
  }

  private GateCheck retention(
      Evaluator evaluator,
      Adapter candidate,
      @Nullable Adapter before,
      Collection<Holdout> heldOut) {
    List<TrainingExample> items = new ArrayList<>();
    heldOut.stream()
        .filter(h -> h.getItem() instanceof CuratedDocument)
        .sorted(Comparator.comparing(Holdout::getKey))
        .limit(config.maxHeldout())
        .forEach(h -> text(((CuratedDocument) h.getItem()).getText(), items));
    if (items.size() < config.minHeldout()) {
      return Gate.tooFew(
          "retention_bits_per_byte", items.size(), config.minHeldout(), "held-out documents");
    }
    Evaluation now = evaluator.evaluate(base, candidate, items);
    Evaluation then = evaluator.evaluate(base, before, items);
    return Gate.atMost(
        "retention_bits_per_byte",
        now.bitsPerByte(),
        then.bitsPerByte(),
        config.retentionTolerance(),
        NO_LIMIT,
        "bits per byte on " + items.size() + " held-out documents");
  }

  private GateCheck probes(
      Generator generator, Adapter candidate, @Nullable Adapter before, List<Example> examples) {
    List<List<ChatMessage>> prompts = prompts(examples);
    if (prompts.isEmpty()) {
      return Gate.tooFew("probe_prompts", 0, 1, "probe prompts");
    }
    double now = wellFormed(generator, candidate, prompts);
    double then = wellFormed(generator, before, prompts);
    return Gate.atLeast(
        "probe_prompts",
        now,
        then,
        Math.min(config.probeMinShare(), then),
        String.format(
            Locale.ROOT,
            "share of %d probe prompts whose answer ends, is not empty and does not go round",
            prompts.size()));
  }

  private List<List<ChatMessage>> prompts(List<Example> examples) {
    if (!config.probePrompts().isEmpty()) {
      return config.probePrompts().stream()
          .map(prompt -> List.of(ChatMessage.user(prompt)))
          .toList();
    }
    return examples.stream()
        .limit(config.probes())
        .map(e -> TrainingSet.messages(TrainingSet.prompt(e)))
        .toList();
  }

  private double wellFormed(
      Generator generator, @Nullable Adapter adapter, List<List<ChatMessage>> prompts) {
    int good = 0;
    for (List<ChatMessage> prompt : prompts) {
      progress.step();
      int[] tokens = base.tokenizer().encodeChat(prompt);
      if (tokens.length == 0 || tokens.length >= maxTokens) {
        continue;
      }
      Generation answer =
          generator.generate(
              tokens, adapter, SamplingParameters.greedy(config.probeMaxTokens()), text -> {});
      if (answer.finish() == FinishReason.STOP
          && !answer.text().isBlank()
          && !Degenerate.repetition(answer.text())) {
        good++;
      }
    }
    return (double) good / prompts.size();
  }

  /// Held-out answers that are known to be good: corrections, demonstrations, confirmed answers.
  private List<Example> examples(Collection<Holdout> heldOut) {
    return heldOut.stream()
        .filter(
            h ->
                h.getItem() instanceof Example e
                    && e.getTask().equals(task)
                    && (e.getTraining() instanceof Sft
                        || (e.getTraining() instanceof Binary binary && binary.getGood())))
        .sorted(Comparator.comparing(Holdout::getKey))
        .limit(config.maxHeldout())
        .map(h -> (Example) h.getItem())
        .toList();
  }

  private void text(String text, List<TrainingExample> into) {
    int[] tokens = base.tokenizer().encodeText(text);
    if (tokens.length > 1) {
      into.add(
          TrainingExample.text(
              tokens.length > maxTokens ? java.util.Arrays.copyOf(tokens, maxTokens) : tokens));
    }
  }
}
