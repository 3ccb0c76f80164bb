package dev.tidemill.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.Fixture;
import dev.tidemill.model.FullLogits;
import dev.tidemill.model.WeightFormat;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class FamilyDecodingTest {
  @TempDir Path folder;

  /// Longer than every window among the families.
  @ParameterizedTest
  @FieldSource("dev.tidemill.model.Fixture#FAMILIES")
  void decodingWithTheCacheEqualsTheWholeForward(String family) {
    Fixture fixture = Fixture.of(family);
    int[] tokens = Fixture.ints(fixture.expected().path("prompt"));
    try (BaseModel base =
            BaseModel.load(fixture.copyBase(folder.resolve("base")), WeightFormat.FP32);
        Adapter adapter = Adapter.load(fixture.folder().resolve("adapter"), base.config());
        Generator generator = new Generator(base)) {
      for (@Nullable Adapter each : new Adapter[] {null, adapter}) {
        float[][] whole = FullLogits.of(base, each, tokens);
        for (int length = 1; length < tokens.length; length++) {
          try (DecodeState state = generator.start(Arrays.copyOf(tokens, length), each)) {
            assertThat(generator.logits(state)).containsExactly(whole[length - 1], within(1e-4f));
          }
        }
        try (DecodeState state = generator.start(Arrays.copyOf(tokens, 3), each)) {
          for (int at = 3; at < tokens.length; at++) {
            state.append(tokens[at]);
            assertThat(generator.logits(state)).containsExactly(whole[at], within(1e-4f));
          }
        }
      }
    }
  }
}
