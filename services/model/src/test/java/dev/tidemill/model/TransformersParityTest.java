package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.FieldSource;

/// Our numbers against those of Transformers and PEFT, for every family, on files that they wrote
/// themselves.
@ParameterizedClass
@FieldSource("dev.tidemill.model.Fixture#FAMILIES")
class TransformersParityTest {
  private static final double FP32 = 1e-4;
  private static final double BF16 = 3e-2;

  private final Fixture fixture;
  private final JsonNode expected;

  @TempDir Path folder;
  private BaseModel base;

  TransformersParityTest(String family) {
    fixture = Fixture.of(family);
    expected = fixture.expected();
  }

  @BeforeEach
  void load() {
    base = BaseModel.load(fixture.copyBase(folder.resolve("base")), WeightFormat.FP32);
  }

  @AfterEach
  void close() {
    base.close();
  }

  @Test
  void logitsEqualTransformers() {
    compare(FullLogits.of(base, null, prompt()), "base_logits", FP32);
    compare(FullLogits.of(base, null, prompt(), Precision.BF16), "bf16_logits", BF16);
  }

  @Test
  void logitsOfAConversationEqualTransformers() {
    List<ChatMessage> messages =
        StreamSupport.stream(expected.path("conversation").spliterator(), false)
            .map(each -> new ChatMessage(each.path("role").asText(), each.path("content").asText()))
            .toList();
    int[] tokens = base.tokenizer().encodeChat(messages);
    assertThat(tokens).isEqualTo(Fixture.ints(expected.path("chat")));
    compare(FullLogits.of(base, null, tokens), "chat_logits", FP32);
    compare(FullLogits.of(base, null, tokens, Precision.BF16), "bf16_chat_logits", BF16);
  }

  @Test
  void logitsWithAnAdapterOfPeftEqualPefts() {
    try (Adapter adapter = Adapter.load(fixture.folder().resolve("adapter"), base.config())) {
      compare(FullLogits.of(base, adapter, prompt()), "adapter_logits", FP32);
    }
  }

  /// PEFT has read the adapter of the fixture, which is the one that we train and write.
  @Test
  void anAdapterOfOursGivesTheSameLogitsInPeft() throws IOException {
    Path written = fixture.folder().resolve("ours");
    Path again = folder.resolve("ours");
    FixtureWriter.train(base, fixture, again);
    assertThat(again.resolve("adapter_config.json"))
        .hasSameBinaryContentAs(written.resolve("adapter_config.json"));
    Map<String, Tensor> ours = Safetensors.read(again.resolve("adapter_model.safetensors"));
    Map<String, Tensor> theirs = Safetensors.read(written.resolve("adapter_model.safetensors"));
    assertThat(ours.keySet()).isEqualTo(theirs.keySet());
    ours.forEach(
        (name, tensor) ->
            assertThat(tensor.toFloats())
                .as(name)
                .containsExactly(TinyModel.tensor(theirs, name).toFloats(), within(1e-4f)));
    try (Adapter adapter = Adapter.load(written, base.config())) {
      compare(FullLogits.of(base, adapter, prompt()), "ours_logits", FP32);
    }
  }

  @Test
  void lossesOfFullTrainingEqualTransformers() {
    try (Trainer trainer = Trainer.full(base, Fixture.OPTIMIZER, Precision.FP32)) {
      compare(trainer, "full_losses");
    }
  }

  @Test
  void lossesOfLowRankTrainingEqualPefts() {
    try (Adapter adapter = Adapter.load(fixture.folder().resolve("adapter"), base.config());
        Trainer trainer = Trainer.tune(base, adapter, Fixture.OPTIMIZER, Precision.FP32)) {
      compare(trainer, "adapter_losses");
    }
  }

  /// What training leaves behind is the folder it began from: names, shapes, values.
  @Test
  void anExportedBaseIsTheSameFolder() throws IOException {
    Path exported = folder.resolve("exported");
    try (Trainer trainer = Trainer.full(base, Fixture.OPTIMIZER, Precision.FP32)) {
      trainer.exportBase(exported);
    }
    Map<String, Tensor> ours = Safetensors.read(exported.resolve("model.safetensors"));
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder.resolve("base"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".safetensors")).toList()) {
        Safetensors.read(file)
            .forEach(
                (name, tensor) -> {
                  names.add(name);
                  assertThat(TinyModel.tensor(ours, name).hasShape(tensor.shape())).isTrue();
                  assertThat(TinyModel.tensor(ours, name).toFloats()).isEqualTo(tensor.toFloats());
                });
      }
    }
    assertThat(ours.keySet()).containsExactlyInAnyOrderElementsOf(names);
    assertThat(DecoderConfig.read(exported.resolve("config.json"))).isEqualTo(base.config());
  }

  private int[] prompt() {
    return Fixture.ints(expected.path("prompt"));
  }

  private void compare(float[][] logits, String key, double tolerance) {
    JsonNode rows = expected.path(key);
    assertThat(rows.size()).isEqualTo(2);
    for (int row = 0; row < rows.size(); row++) {
      float[] actual = logits[logits.length - rows.size() + row];
      assertThat(actual).hasSize(rows.get(row).size());
      for (int i = 0; i < actual.length; i++) {
        assertThat((double) actual[i])
            .isCloseTo(rows.get(row).get(i).asDouble(), within(tolerance));
      }
    }
  }

  private void compare(Trainer trainer, String key) {
    JsonNode losses = expected.path(key);
    assertThat(losses.size()).isEqualTo(20);
    for (int step = 0; step < losses.size(); step++) {
      assertThat(trainer.step(fixture.batch(step), Fixture.LEARNING_RATE).loss())
          .as("step " + step)
          .isCloseTo(losses.get(step).asDouble(), within(1e-3));
    }
  }
}
