package dev.tidemill.benchmarks.scenario;

import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Initialisation;
import dev.tidemill.model.WeightFormat;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.tokenizer.BpeTrainer;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A small base that has learned something, and texts of the same kind that it has not seen: what
/// rounding its weights costs can be told from how likely it finds them.
final class LearnedText implements AutoCloseable {
  private static final int WIDTH = 256;
  private static final int STEPS = 120;
  private static final int LONGEST = 96;

  private final Path folder;
  private final List<int[]> unseen;

  private LearnedText(Path folder, List<int[]> unseen) {
    this.folder = folder;
    this.unseen = unseen;
  }

  static LearnedText train(Path folder) throws IOException {
    Files.createDirectories(folder);
    Corpus corpus = new Corpus(7);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      texts.add(corpus.document(i).getText());
    }
    Path tokenizer = folder.resolve("tokenizer.json");
    BpeTrainer.train(texts, 2_000, BpeTrainer.CHAT_TOKENS, tokenizer);
    DecoderConfig config =
        new DecoderConfig(2_000, WIDTH, 704, 4, 4, 2, 64, 1e-5, 10_000, 256, false, 1, 4);
    Path fresh = folder.resolve("fresh");
    BaseModel.initialise(
        fresh, config, tokenizer, new Initialisation(1 / Math.sqrt(WIDTH), 0.05, true), 3);
    List<int[]> unseen = new ArrayList<>();
    Path learned = folder.resolve("base");
    try (BaseModel base = BaseModel.load(fresh);
        Trainer trainer = Trainer.full(base, OptimizerConfig.defaults(1))) {
      List<int[]> all = texts.stream().map(text -> cut(base.tokenizer().encode(text))).toList();
      unseen.addAll(all.subList(all.size() - 16, all.size()));
      List<int[]> seen = all.subList(0, all.size() - 16);
      for (int step = 0; step < STEPS; step++) {
        List<TrainingExample> batch = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          batch.add(TrainingExample.text(seen.get((step * 8 + i) % seen.size())));
        }
        trainer.step(batch, 2e-3);
      }
      trainer.exportBase(learned);
    }
    return new LearnedText(learned, unseen);
  }

  private static int[] cut(int[] tokens) {
    return java.util.Arrays.copyOf(tokens, Math.min(tokens.length, LONGEST));
  }

  /// Of the unseen texts, read token by token as answers are drawn.
  double perplexity(WeightFormat format) {
    double nats = 0;
    long count = 0;
    try (BaseModel base = BaseModel.loadToServe(folder, format);
        Generator generator = new Generator(base)) {
      List<DecodeState> states = new ArrayList<>();
      List<Sampler> samplers = new ArrayList<>();
      for (int[] text : unseen) {
        states.add(generator.startScored(text, null));
        samplers.add(new Sampler(SamplingParameters.greedy(1)));
      }
      List<DecodeState> open = new ArrayList<>(states);
      open.removeIf(state -> !state.reading());
      while (!open.isEmpty()) {
        int[] drawn = generator.nextAll(open, samplers.subList(0, open.size()));
        for (DecodeState state : open) {
          nats -= state.lastScore(0).logProb();
        }
        count += drawn.length;
        open.removeIf(state -> !state.reading());
      }
      states.forEach(DecodeState::close);
    }
    return Math.exp(nats / count);
  }

  @Override
  public void close() throws IOException {
    SpeedShapes.delete(folder);
  }
}
