package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.program.Processor;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Processors that lack what the fast products need, played by this one: the engine is told to use
/// no more than AVX2, in a process of its own, since it asks once.
class OtherProcessorTest {
  private static final int[] PROMPT = {5, 90, 17, 200, 33, 64, 8, 9};

  @TempDir Path folder;

  @Test
  void withoutAvx512EveryFormatDecodesWithAndWithoutAdapters() throws Exception {
    TinyModel.load(folder, false, 3).close();
    ProcessBuilder child =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            OtherProcessorTest.class.getName(),
            folder.toString());
    child.environment().put("ONEDNN_MAX_CPU_ISA", "AVX2");
    File said = folder.resolve("said").toFile();
    int code = child.redirectErrorStream(true).redirectOutput(said).start().waitFor();
    assertThat(said).content().contains("every format decodes");
    assertThat(code).isZero();
  }

  /// The child.
  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    assertThat(Processor.packsBf16()).isFalse();
    assertThat(Processor.wholeInt8()).isFalse();
    List<float[]> exact = logits(folder, WeightFormat.FP32);
    for (WeightFormat format : List.of(WeightFormat.BF16, WeightFormat.INT8)) {
      List<float[]> rounded = logits(folder, format);
      float margin = format == WeightFormat.INT8 ? 2e-1f : 6e-2f;
      for (int i = 0; i < exact.size(); i++) {
        assertThat(rounded.get(i))
            .as("%s, %d", format, i)
            .containsExactly(exact.get(i), within(margin));
      }
    }
    System.out.println("every format decodes");
  }

  /// After the prompt and two tokens more, of the base alone and of two adapters, in one batch.
  private static List<float[]> logits(Path folder, WeightFormat format) {
    List<float[]> logits = new ArrayList<>();
    Path stored = folder.resolve("base");
    try (BaseModel base = BaseModel.loadToServe(stored, format);
        Generator generator = new Generator(base);
        Adapter one = TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(4, 8), 1);
        Adapter two = TinyModel.adapter(folder, base.config(), LoraConfig.allLinears(4, 8), 2);
        DecodeState plain = generator.start(PROMPT, null);
        DecodeState first = generator.start(PROMPT, one);
        DecodeState second = generator.start(PROMPT, two)) {
      List<DecodeState> states = List.of(plain, first, second);
      states.forEach(state -> logits.add(generator.logits(state)));
      // The same tokens for all: what is likeliest may be a matter of rounding. The first is drawn
      // after the prompt, so it is read with the second call, in one batch.
      List<Sampler> samplers = states.stream().map(state -> fixed()).toList();
      generator.nextAll(states, samplers);
      generator.nextAll(states, samplers);
      states.forEach(state -> logits.add(generator.logits(state)));
      assertThat(BaseModel.bytesToServe(stored, format)).isEqualTo(base.bytes());
    }
    return logits;
  }

  private static Sampler fixed() {
    Penalties always = new Penalties(1, 0, 0, Map.of(7, 1e3));
    return new Sampler(new SamplingParameters(0, 1, 0, 0, always, 1, 4, List.of()));
  }
}
