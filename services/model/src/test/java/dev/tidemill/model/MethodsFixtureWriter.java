package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.model.train.Precision;
import dev.tidemill.model.train.Trainer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// Writes our part of the methods' fixtures, by hand only:
/// `src/test/python/make_methods_fixture.py` tells how.
@EnabledIfSystemProperty(named = "tidemill.fixtures", matches = ".+")
class MethodsFixtureWriter {
  static final Map<String, TuningMethod> METHODS =
      Map.of("prefix", new PrefixConfig(3), "prompt", new PromptConfig(3, "The acks"));

  @TempDir Path work;

  @Test
  void write() {
    Path root = Path.of(System.getProperty("tidemill.fixtures", ""));
    for (String family : Fixture.FAMILIES) {
      Fixture fixture = new Fixture(family, root.resolve(family));
      try (BaseModel base =
          BaseModel.load(fixture.copyBase(work.resolve(family)), WeightFormat.FP32)) {
        for (String method : METHODS.keySet()) {
          train(base, fixture, method, fixture.folder().resolve("our_" + method));
        }
      }
      assertThat(fixture.folder().resolve("our_prefix")).isNotEmptyDirectory();
    }
  }

  static void train(BaseModel base, Fixture fixture, String name, Path target) {
    TuningMethod method = METHODS.getOrDefault(name, new BitFitConfig());
    try (Trainer trainer = Trainer.tune(base, method, Fixture.OPTIMIZER, Precision.FP32)) {
      for (int step = 0; step < FixtureWriter.STEPS; step++) {
        trainer.step(fixture.batch(step), 0.03);
      }
      trainer.exportAdapter(target);
    }
  }
}
