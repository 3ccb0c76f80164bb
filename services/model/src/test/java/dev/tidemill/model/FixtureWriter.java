package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// Writes our part of the fixtures, by hand only: `src/test/python/make_transformers_fixture.py`
/// tells how.
@EnabledIfSystemProperty(named = "tidemill.fixtures", matches = ".+")
class FixtureWriter {
  static final int STEPS = 5;

  @TempDir Path work;

  @Test
  void write() throws IOException {
    Path root = Path.of(System.getProperty("tidemill.fixtures", ""));
    Files.copy(
        TinyModel.tokenizer(work),
        root.resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    for (String family : Fixture.FAMILIES) {
      Fixture fixture = new Fixture(family, root.resolve(family));
      if (Files.exists(fixture.folder().resolve("base"))) {
        try (BaseModel base = BaseModel.load(fixture.copyBase(work.resolve(family)))) {
          train(base, fixture, fixture.folder().resolve("ours"));
          try (Trainer trainer = Trainer.full(base, Fixture.OPTIMIZER)) {
            trainer.exportBase(Path.of("target", "exported", family));
          }
        }
      }
    }
    assertThat(root.resolve("tokenizer.json")).isNotEmptyFile();
  }

  static void train(BaseModel base, Fixture fixture, Path target) {
    try (Trainer trainer = Trainer.tune(base, Fixture.OURS, Fixture.OPTIMIZER, Precision.FP32)) {
      for (int step = 0; step < STEPS; step++) {
        trainer.step(fixture.batch(step), Fixture.LEARNING_RATE);
      }
      trainer.exportAdapter(target);
    }
  }
}
