package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.events.Sft;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.train.Evaluator;
import dev.tidemill.model.train.TrainingExample;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.window.Gate;
import dev.tidemill.pretrainer.PretrainerConfig;
import dev.tidemill.pretrainer.domain.Sequences;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Judges a base against the base of the live release, on what was held out.
final class BaseGate {
  private static final double LEAST_ANSWER_TOLERANCE = 0.1;

  private final PretrainerConfig config;
  private final ArtifactStore artifacts;
  private final TopicTable<Route> routes;
  private final HeldOut heldOut;

  BaseGate(
      PretrainerConfig config, ArtifactStore artifacts, TopicTable<Route> routes, HeldOut heldOut) {
    this.config = config;
    this.artifacts = artifacts;
    this.routes = routes;
    this.heldOut = heldOut;
  }

  /// @param candidate folder of the base
  /// @param trouble why training ended early; null when it did not
  GateReport judge(Path candidate, @Nullable String trouble) {
    Optional<ReleaseTarget> against = live();
    List<GateCheck> checks = new ArrayList<>();
    checks.add(Gate.finiteTraining(trouble));
    try (Evaluator evaluator = new Evaluator();
        BaseModel base = BaseModel.load(candidate)) {
      if (against.isEmpty()) {
        measure(evaluator, base, null, checks);
      } else {
        Path folder = artifacts.open(against.get().getBase()).folder();
        try (BaseModel other = BaseModel.load(folder)) {
          measure(evaluator, base, other, checks);
        }
      }
    }
    return Gate.report(against.map(ReleaseTarget::getRelease).orElse(null), checks);
  }

  private void measure(
      Evaluator evaluator, BaseModel base, @Nullable BaseModel live, List<GateCheck> checks) {
    List<CuratedDocument> documents = heldOut.documents();
    String name = "heldout_bits_per_byte";
    int wanted = config.gate().minHeldout();
    if (documents.size() < wanted) {
      checks.add(Gate.tooFew(name, documents.size(), wanted, "documents are held out"));
    } else {
      checks.add(
          Gate.atMost(
              name,
              bitsPerByte(evaluator, base, documents),
              live == null ? null : (Double) bitsPerByte(evaluator, live, documents),
              config.gate().tolerance(),
              Double.MAX_VALUE,
              "bits per byte on %d held-out documents".formatted(documents.size())));
    }
    for (String task : config.tasks()) {
      List<Sft> answers = heldOut.answers(task);
      String check = "heldout_loss_" + task;
      if (answers.size() < wanted || live == null) {
        checks.add(Gate.tooFew(check, answers.size(), wanted, "answers are held out"));
      } else {
        checks.add(
            Gate.atMost(
                check,
                loss(evaluator, base, answers),
                loss(evaluator, live, answers),
                Math.max(config.gate().tolerance(), LEAST_ANSWER_TOLERANCE),
                Double.MAX_VALUE,
                "loss in nats a token on %d held-out answers".formatted(answers.size())));
      }
    }
  }

  private static double bitsPerByte(
      Evaluator evaluator, BaseModel base, List<CuratedDocument> documents) {
    List<TrainingExample> sequences = new ArrayList<>();
    for (CuratedDocument document : documents) {
      sequences.addAll(
          Sequences.of(
              base.tokenizer().encodeText(document.getText()),
              base.config().eosTokenId(),
              base.config().maxPositions()));
    }
    return evaluator.evaluate(base, null, sequences).bitsPerByte();
  }

  private static double loss(Evaluator evaluator, BaseModel base, List<Sft> answers) {
    List<TrainingExample> examples = new ArrayList<>();
    for (Sft sft : answers) {
      List<ChatMessage> turns = new ArrayList<>();
      sft.getPrompt().forEach(m -> turns.add(new ChatMessage(m.getRole(), m.getContent())));
      turns.add(new ChatMessage("assistant", sft.getAnswer()));
      TrainingExample example = TrainingExample.chat(base.tokenizer(), turns, 1);
      if (example.tokens().length <= base.config().maxPositions()) {
        examples.add(example);
      }
    }
    return evaluator.evaluate(base, null, examples).lossPerToken();
  }

  private Optional<ReleaseTarget> live() {
    return config.tasks().stream()
        .flatMap(task -> routes.get(task).stream())
        .map(Route::getLive)
        .filter(Objects::nonNull)
        .findFirst();
  }
}
