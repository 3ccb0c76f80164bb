package dev.tidemill.model.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.Fixture;
import dev.tidemill.model.JsonFile;
import dev.tidemill.model.PrefixConfig;
import dev.tidemill.model.TinyModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Training from answers that were found good or bad.
class RatedStepTest {
  private static final OptimizerConfig OPTIMIZER = new OptimizerConfig(0.9, 0.95, 1e-8, 0, 1.0, 11);

  @TempDir Path folder;

  /// Six steps of TRL's KTO trainer, on its own tokens: the estimate of how far the model has
  /// moved, the clamp of it, both weights, and a batch of good answers alone.
  @Test
  void lossesEqualTrls() {
    Fixture fixture = Fixture.of("llama");
    JsonNode kto = JsonFile.read(fixture.folder().resolve("methods.json")).root().path("kto");
    List<RatedExample> rows = new ArrayList<>();
    for (JsonNode row : kto.path("rows")) {
      rows.add(
          new RatedExample(
              Fixture.ints(row.path("prompt")),
              Fixture.ints(row.path("answer")),
              row.path("good").asBoolean(),
              1));
    }
    RatingObjective objective =
        new RatingObjective(
            kto.path("beta").asDouble(), 1, kto.path("undesirable_weight").asDouble());
    int size = kto.path("batch").asInt();
    JsonNode losses = kto.path("losses");
    assertThat(losses.size()).isEqualTo(2 * rows.size() / size);
    try (BaseModel base = BaseModel.load(fixture.copyBase(folder.resolve("base")));
        Adapter start = Adapter.load(fixture.folder().resolve("kto"), base.config());
        Trainer trainer = Trainer.tune(base, start, OPTIMIZER, Precision.FP32)) {
      for (int step = 0; step < losses.size(); step++) {
        int from = step * size % rows.size();
        StepResult result =
            trainer.ratedStep(
                rows.subList(from, from + size), kto.path("learning_rate").asDouble(), objective);
        assertThat(result.loss())
            .as("step " + step)
            .isCloseTo(losses.get(step).asDouble(), within(1e-3));
      }
    }
  }

  /// With a prefix, since those take places of their own; and by what is kept of the reference.
  @Test
  void goodAnswersGainOnBadOnes() {
    try (BaseModel base = TinyModel.load(folder, true, 21);
        Trainer trainer = Trainer.tune(base, new PrefixConfig(4), OPTIMIZER, Precision.FP32)) {
      RatedExample good = rated(base, "The acks setting", true);
      RatedExample bad = rated(base, "naïve café", false);
      RatingObjective objective = new RatingObjective(0.5, 1, 1);
      double before = gap(trainer, good, bad);
      assertThat(trainer.ratedStep(List.of(good, bad), 1e-2, objective).loss())
          .isCloseTo(0.5, within(1e-5));
      double last = 1;
      for (int i = 0; i < 10; i++) {
        last = trainer.ratedStep(List.of(good, bad), 1e-2, objective).loss();
      }
      assertThat(last).isLessThan(0.49);
      assertThat(gap(trainer, good, bad)).isGreaterThan(before);
    }
  }

  @Test
  void theLastAnswerIsRatedAlone() {
    try (BaseModel base = TinyModel.load(folder, true, 21)) {
      List<ChatMessage> messages =
          List.of(
              ChatMessage.user("acks?"),
              ChatMessage.assistant("Yes."),
              ChatMessage.user("And linger.ms?"),
              ChatMessage.assistant("It waits."));
      RatedExample rated = RatedExample.chat(base.tokenizer(), messages, true, 2);
      TrainingExample whole = TrainingExample.chat(base.tokenizer(), messages, 2);
      assertThat(base.tokenizer().decode(rated.answer())).startsWith("It waits.");
      assertThat(rated.example().labelledTokens())
          .isEqualTo(rated.answer().length)
          .isLessThan(whole.labelledTokens());
      assertThat(whole.tokens()).startsWith(rated.example().tokens());
      assertThat(rated.answeredBy(rated, rated.prompt().length + 2).labelledTokens()).isEqualTo(2);
    }
  }

  @Test
  void whatCannotBeRatedIsRefused() {
    assertThatThrownBy(() -> new RatedExample(new int[0], new int[1], true, 1))
        .hasMessageContaining("needs a prompt");
    assertThatThrownBy(() -> new RatingObjective(0, 1, 1)).hasMessageContaining("beta");
    assertThatThrownBy(() -> new RatingObjective(1, 1, -1)).hasMessageContaining("-1.0");
  }

  private static RatedExample rated(BaseModel base, String answer, boolean good) {
    return RatedExample.chat(
        base.tokenizer(),
        List.of(ChatMessage.user("acks?"), ChatMessage.assistant(answer)),
        good,
        1);
  }

  private static double gap(Trainer trainer, RatedExample good, RatedExample bad) {
    return trainer.evaluate(List.of(bad.example())).lossPerToken()
        - trainer.evaluate(List.of(good.example())).lossPerToken();
  }
}
