package dev.tidemill.pretrainer.io;

import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.GateCheck;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.events.Route;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.train.Evaluator;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.kafka.TopicTable;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.platform.window.Gate;
import dev.tidemill.platform.window.WindowTrainer.Progress;
import dev.tidemill.pretrainer.PretrainerConfig;
import dev.tidemill.pretrainer.io.HeldOutText.Pair;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Judges a base against the base of the live release, on what was held out. Bases are compared
/// bare, whatever adapter stands on them.
final class BaseGate {
  static final String DOCUMENTS = "heldout_bits_per_byte";

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

  /// Why nothing can be judged now: the base that is live contains what was erased, so the registry
  /// is about to put another in its place.
  Optional<String> whyNotReady(Provenance known) {
    return live()
        .flatMap(
            target ->
                known
                    .erasureIn(target.getBase())
                    .map(
                        erasure ->
                            "the live base of %s contains what erasure %s removed; another is waited for"
                                .formatted(target.getRelease(), erasure.id())));
  }

  /// @param folder holds the candidate
  /// @param trouble why training ended early; null when it did not
  GateReport judge(Path folder, @Nullable String trouble, Progress progress) {
    @Nullable ReleaseTarget live = live().orElse(null);
    @Nullable String against = live == null ? null : live.getRelease();
    BaseModel candidate;
    try {
      candidate = BaseModel.load(folder);
    } catch (ModelFormatException unusable) {
      // The last step left weights that are not finite.
      String why = trouble == null ? String.valueOf(unusable.getMessage()) : trouble;
      return Gate.report(against, List.of(Gate.finiteTraining(why)));
    }
    List<GateCheck> checks = new ArrayList<>();
    checks.add(Gate.finiteTraining(trouble));
    try (candidate;
        Evaluator evaluator = new Evaluator()) {
      if (live == null) {
        measure(new HeldOutText(evaluator, candidate, null, progress), checks);
      } else {
        try (BaseModel base = BaseModel.load(artifacts.open(live.getBase()).folder())) {
          measure(new HeldOutText(evaluator, candidate, base, progress), checks);
        }
      }
    }
    return Gate.report(against, checks);
  }

  private void measure(HeldOutText text, List<GateCheck> checks) {
    List<CuratedDocument> documents = heldOut.documents();
    checks.add(
        check(DOCUMENTS, text.documents(documents), text, config.gate().tolerance(), "documents"));
    for (String task : config.tasks()) {
      checks.add(
          check(
              "heldout_answer_bits_per_byte_" + task,
              text.answers(heldOut.answers(task)),
              text,
              config.gate().answerTolerance(),
              "answers"));
    }
  }

  private GateCheck check(
      String name, List<Pair> pairs, HeldOutText text, double tolerance, String what) {
    int wanted = config.gate().minHeldout();
    if (pairs.size() < wanted) {
      return Gate.tooFew(name, pairs.size(), wanted, what + " are held out that can be measured");
    }
    return Gate.atMost(
        name,
        text.bitsPerByte(pairs),
        text.liveBitsPerByte(pairs),
        tolerance,
        config.gate().maxBitsPerByte(),
        String.format(Locale.ROOT, "bits per byte on %d held-out %s", pairs.size(), what));
  }

  /// The live release of the first task that has one.
  private Optional<ReleaseTarget> live() {
    return config.tasks().stream()
        .flatMap(task -> routes.get(task).stream())
        .map(Route::getLive)
        .filter(Objects::nonNull)
        .findFirst();
  }
}
