package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Our numbers against PEFT's for the methods of virtual tokens, for every family.
@ParameterizedClass
@FieldSource("dev.tidemill.model.Fixture#FAMILIES")
class MethodsParityTest {
  @TempDir Path folder;
  @Parameter String family = "";
  private BaseModel base;
  private Fixture fixture;
  private JsonNode expected;

  @BeforeEach
  void load() {
    fixture = Fixture.of(family);
    expected = JsonFile.read(fixture.folder().resolve("methods.json")).root();
    base = BaseModel.load(fixture.copyBase(folder.resolve("base")), WeightFormat.FP32);
  }

  @AfterEach
  void close() {
    base.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"prefix", "prompt"})
  void anAdapterOfPeftGivesPeftsLogitsAndTrainsAsThere(String method) {
    Path folder = fixture.folder().resolve(method);
    try (Adapter adapter = Adapter.load(folder, base.config());
        Trainer trainer = Trainer.tune(base, adapter, Fixture.OPTIMIZER, Precision.FP32)) {
      compare(adapter, method + "_logits");
      JsonNode losses = expected.path(method + "_losses");
      assertThat(losses.size()).isEqualTo(20);
      for (int step = 0; step < losses.size(); step++) {
        assertThat(trainer.step(fixture.batch(step), Fixture.LEARNING_RATE).loss())
            .as("step " + step)
            .isCloseTo(losses.get(step).asDouble(), within(1e-3));
      }
    }
  }

  /// PEFT has read the adapter of the fixture, which is the one that we train and write.
  @ParameterizedTest
  @ValueSource(strings = {"prefix", "prompt"})
  void anAdapterOfOursGivesTheSameLogitsInPeft(String method) {
    Path written = fixture.folder().resolve("our_" + method);
    Path again = folder.resolve("again");
    MethodsFixtureWriter.train(base, fixture, method, again);
    assertThat(again.resolve("adapter_config.json"))
        .hasSameBinaryContentAs(written.resolve("adapter_config.json"));
    Map<String, Tensor> ours = Safetensors.read(again.resolve("adapter_model.safetensors"));
    Map<String, Tensor> theirs = Safetensors.read(written.resolve("adapter_model.safetensors"));
    assertThat(ours).containsOnlyKeys("prompt_embeddings");
    assertThat(TinyModel.tensor(ours, "prompt_embeddings").toFloats())
        .containsExactly(TinyModel.tensor(theirs, "prompt_embeddings").toFloats(), within(1e-4f));
    try (Adapter adapter = Adapter.load(written, base.config())) {
      compare(adapter, "our_" + method + "_logits");
    }
  }

  private void compare(Adapter adapter, String key) {
    float[][] logits =
        FullLogits.of(base, adapter, Fixture.ints(fixture.expected().path("prompt")));
    JsonNode rows = expected.path(key);
    assertThat(rows.size()).isEqualTo(2);
    for (int row = 0; row < rows.size(); row++) {
      float[] want = new float[rows.get(row).size()];
      for (int i = 0; i < want.length; i++) {
        want[i] = (float) rows.get(row).get(i).asDouble();
      }
      assertThat(logits[logits.length - rows.size() + row]).containsExactly(want, within(1e-4f));
    }
  }
}
