package dev.tidemill.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.events.ReleaseTarget;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.BitFitConfig;
import dev.tidemill.model.BottleneckConfig;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.PrefixConfig;
import dev.tidemill.model.PromptConfig;
import dev.tidemill.model.TuningMethod;
import dev.tidemill.model.WeightsConfig;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Adapters of every method are signed, loaded, swapped and served like any other, over one base.
class MethodsServedTest {
  private static final List<TuningMethod> METHODS =
      List.of(
          WeightsConfig.full(),
          WeightsConfig.lastLayers(1),
          WeightsConfig.head(),
          new BitFitConfig(),
          new BottleneckConfig(8, BottleneckConfig.Activation.SILU),
          new PrefixConfig(4),
          new PromptConfig(4, ""));
  private static final String QUESTION = "who turns the mill?";
  private static final int TOKENS = 8;

  @TempDir Path work;

  @Test
  void everyMethodIsServedOverOneBase() {
    TestArtifacts artifacts = new TestArtifacts(work);
    String base = artifacts.base(1);
    Map<ReleaseTarget, String> expected = new LinkedHashMap<>();
    for (TuningMethod method : METHODS) {
      String adapter = artifacts.publish(base, trained(artifacts, base, method));
      ReleaseTarget target = TestArtifacts.target("support", base, adapter);
      expected.put(target, artifacts.answerOf(target, QUESTION, TOKENS));
    }
    assertThat(expected.values()).doesNotHaveDuplicates();
    try (TestReplica replica = new TestReplica(artifacts, config -> config)) {
      expected.forEach(
          (target, answer) -> {
            replica.routeAndWait("support", target, null);
            ObjectNode body = TestReplica.chat("support", QUESTION);
            body.put("max_tokens", TOKENS);
            JsonNode said = TestReplica.json(replica.post("/v1/chat/completions", body).body());
            assertThat(said.path("release").asText()).isEqualTo(target.getRelease());
            assertThat(said.at("/choices/0/message/content").asText()).isEqualTo(answer);
          });
    }
  }

  /// A text that the base has just room for is too long behind a prefix, and is refused as such.
  @Test
  void aPrefixTakesRoomFromTheText() {
    TestArtifacts artifacts = new TestArtifacts(work);
    String base = artifacts.base(1);
    Path folder = work.resolve("prefix");
    String question = "";
    int positions;
    try (BaseModel model = BaseModel.load(artifacts.folderOf(base));
        Adapter prefix = Adapter.initialise(new PrefixConfig(8), model, 1)) {
      prefix.save(folder);
      positions = model.config().maxPositions();
      while (model.tokenizer().encodeChat(List.of(ChatMessage.user(question))).length
          < positions - 4) {
        question += "?";
      }
    }
    ReleaseTarget bare = TestArtifacts.target("support", base, null);
    ReleaseTarget led = TestArtifacts.target("support", base, artifacts.publish(base, folder));
    try (TestReplica replica = new TestReplica(artifacts, config -> config)) {
      ObjectNode body = TestReplica.chat("support", question);
      replica.routeAndWait("support", bare, null);
      assertThat(replica.post("/v1/chat/completions", body).statusCode()).isEqualTo(200);
      replica.routeAndWait("support", led, null);
      HttpResponse<String> refused = replica.post("/v1/chat/completions", body);
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains(Integer.toString(positions - 8));
    }
  }

  /// Far from where it began, so that its answers are its own.
  private Path trained(TestArtifacts artifacts, String base, TuningMethod method) {
    Path folder = work.resolve("trained").resolve(Integer.toString(METHODS.indexOf(method)));
    TrainingExample text = TrainingExample.text(new int[] {9, 40, 41, 42, 43, 44, 45, 46, 47});
    try (BaseModel model = BaseModel.load(artifacts.folderOf(base));
        Trainer trainer =
            Trainer.tune(model, method, OptimizerConfig.defaults(2), Precision.FP32)) {
      for (int step = 0; step < 5; step++) {
        trainer.step(List.of(text), 0.2 + 0.1 * METHODS.indexOf(method));
      }
      trainer.exportAdapter(folder);
    }
    return folder;
  }
}
