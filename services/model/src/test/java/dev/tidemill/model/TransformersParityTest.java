package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Our numbers against those of Transformers and PEFT, on files that they wrote themselves
/// (`src/test/python/make_transformers_fixture.py`).
class TransformersParityTest {
  private static final OptimizerConfig OPTIMIZER =
      new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 1);

  @TempDir Path folder;
  private BaseModel base;
  private Path fixture;
  private JsonNode expected;

  @BeforeEach
  void load() throws IOException, URISyntaxException {
    fixture =
        Path.of(
            Objects.requireNonNull(
                    TransformersParityTest.class.getResource("/transformers/expected.json"))
                .toURI());
    expected = JsonFile.read(fixture).root();
    fixture = fixture.resolveSibling("adapter");
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(fixture.resolveSibling("base").resolve(name), folder.resolve(name));
    }
    TinyModel.tokenizer(folder);
    base = BaseModel.load(folder);
  }

  @AfterEach
  void close() {
    base.close();
  }

  @Test
  void logitsEqualTransformers() {
    compare(FullLogits.of(base, null, prompt()), "base_logits");
  }

  @Test
  void logitsWithAnAdapterEqualPefts() {
    try (Adapter adapter = Adapter.load(fixture, base.config())) {
      compare(FullLogits.of(base, adapter, prompt()), "adapter_logits");
    }
  }

  @Test
  void lossesOfFullTrainingEqualTransformers() {
    try (Trainer trainer = Trainer.full(base, OPTIMIZER, Precision.FP32)) {
      compare(trainer, "full_losses");
    }
  }

  @Test
  void lossesOfLowRankTrainingEqualPefts() {
    try (Adapter adapter = Adapter.load(fixture, base.config());
        Trainer trainer = Trainer.lora(base, adapter, OPTIMIZER, Precision.FP32)) {
      compare(trainer, "adapter_losses");
    }
  }

  private int[] prompt() {
    return ints(expected.path("prompt"));
  }

  private void compare(float[][] logits, String key) {
    JsonNode rows = expected.path(key);
    assertThat(rows.size()).isEqualTo(4);
    for (int row = 0; row < rows.size(); row++) {
      float[] actual = logits[logits.length - rows.size() + row];
      assertThat(actual).hasSize(rows.get(row).size());
      for (int i = 0; i < actual.length; i++) {
        assertThat(actual[i]).isCloseTo((float) rows.get(row).get(i).asDouble(), within(1e-4f));
      }
    }
  }

  private void compare(Trainer trainer, String key) {
    JsonNode losses = expected.path(key);
    assertThat(losses.size()).isEqualTo(20);
    for (int step = 0; step < losses.size(); step++) {
      List<TrainingExample> batch = new ArrayList<>();
      for (JsonNode row : expected.path("batches").get(step % 4)) {
        batch.add(TrainingExample.text(ints(row)));
      }
      assertThat(trainer.step(batch, 3e-3).loss())
          .as("step " + step)
          .isCloseTo(losses.get(step).asDouble(), within(1e-3));
    }
  }

  private static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).asInt();
    }
    return values;
  }
}
