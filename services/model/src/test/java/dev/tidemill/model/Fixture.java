package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemill.model.train.OptimizerConfig;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// A family's files as Transformers and PEFT wrote them, and what they compute with them
/// (`src/test/python/make_transformers_fixture.py`).
///
/// @param folder holds `base`, `adapter`, which PEFT wrote, `ours`, which we wrote, and
///     `expected.json`
public record Fixture(String family, Path folder) {
  public static final List<String> FAMILIES =
      List.of("llama", "llama3", "mistral", "qwen2", "qwen3", "gpt2");

  /// What all trainings here go by.
  public static final OptimizerConfig OPTIMIZER = new OptimizerConfig(0.9, 0.95, 1e-8, 0.1, 1.0, 1);

  /// The adapter that we train, fresh from the seed of the optimizer.
  public static final LoraConfig OURS = LoraConfig.allLinears(2, 4);

  public static final double LEARNING_RATE = 3e-3;

  public static Fixture of(String family) {
    try {
      URL root = Objects.requireNonNull(Fixture.class.getResource("/transformers/tokenizer.json"));
      return new Fixture(family, Path.of(root.toURI()).resolveSibling(family));
    } catch (URISyntaxException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  public JsonNode expected() {
    return JsonFile.read(folder.resolve("expected.json")).root();
  }

  /// Copies the base, with the tokenizer that all fixtures share, to where it may be changed.
  public Path copyBase(Path target) {
    try (Stream<Path> files = Files.list(folder.resolve("base"))) {
      Files.createDirectories(target);
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
      Files.copy(folder.resolveSibling("tokenizer.json"), target.resolve("tokenizer.json"));
      return target;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /// The batch of a training step.
  public List<TrainingExample> batch(int step) {
    List<TrainingExample> batch = new ArrayList<>();
    for (JsonNode row : expected().path("batches").get(step % 4)) {
      batch.add(TrainingExample.text(ints(row)));
    }
    return batch;
  }

  public static int[] ints(JsonNode list) {
    int[] values = new int[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).asInt();
    }
    return values;
  }
}
