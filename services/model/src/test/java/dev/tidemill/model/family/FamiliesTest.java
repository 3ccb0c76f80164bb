package dev.tidemill.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.AdapterFormatException;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.Fixture;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.TinyModel;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.FinishReason;
import dev.tidemill.model.generate.Generator;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.Sampler;
import dev.tidemill.model.generate.SamplingParameters;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is read of each family's folder, and what is refused of it in one sentence.
class FamiliesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama  | \"llama\"           | \"mamba\"         | model_type, llama, mistral, qwen2,"
            + " qwen3, gpt2",
        "llama  | \"silu\"            | \"relu\"          | hidden_act, relu",
        "llama3 | \"llama3\"          | \"yarn\"          | rope_parameters, yarn",
        "llama3 | \"low_freq_factor\" | \"low_factor\"    | rope_parameters, low_freq_factor",
        "llama3 | \"factor\": 8.0     | \"factor\": 0.5   | config.json, factor must be at least 1",
        "llama3 | \"use_cache\"       | \"quantization_config\"  | quantization_config, quantized",
        "llama3 | \"eos_token_id\": 4 | \"eos_token_id\": \"4\" | eos_token_id, whole number",
        "mistral| \"sliding_window\": 8 | \"sliding_window\": 0 | config.json, sliding_window",
        "qwen2  | \"full_attention\"  | \"chunked\"       | layer_types, chunked",
        "qwen2  | \"num_key_value_heads\" | \"heads\"     | num_key_value_heads, missing",
        "qwen3  | \"num_hidden_layers\": 2 | \"num_hidden_layers\": 3 | layer_types, 3 layers",
        "gpt2   | \"gelu_new\"        | \"gelu\"          | activation_function, gelu_new",
        "gpt2   | \"add_cross_attention\": false | \"add_cross_attention\": true |"
            + " add_cross_attention",
        "gpt2   | \"scale_attn_weights\": true | \"scale_attn_weights\": false |"
            + " scale_attn_weights",
      })
  void aConfigurationThatCannotBeUsedIsRefusedByFileAndKey(
      String family, String good, String bad, String told) throws IOException {
    Path base = Fixture.of(family).copyBase(folder.resolve("base"));
    rewrite(base.resolve("config.json"), good, bad);
    assertThatThrownBy(() -> BaseModel.load(base))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("config.json")
        .hasMessageContainingAll(told.split(", "))
        .message()
        .endsWith(".");
  }

  @Test
  void shardsThatAreMissingOrDoNotFitAreRefusedByFileAndTensor() throws IOException {
    Path base = Fixture.of("qwen2").copyBase(folder.resolve("base"));
    Path second = base.resolve("model-00002-of-00002.safetensors");
    Path aside = folder.resolve("aside");
    Files.move(second, aside);
    refused(base, "weight_map", "model.safetensors.index.json", second.getFileName().toString());
    List<Tensor> tensors = new ArrayList<>(Safetensors.read(aside).values());
    Tensor bias =
        tensors.stream()
            .filter(each -> each.name().endsWith("q_proj.bias"))
            .findFirst()
            .orElseThrow();
    tensors.remove(bias);
    Safetensors.write(second, tensors);
    refused(base, bias.name() + " is missing", second.toString(), "index.json");
    tensors.add(Tensor.ofFloats(bias.name(), new int[] {3}, 1, 2, 3));
    Safetensors.write(second, tensors);
    refused(base, bias.name(), second.toString(), "[3]", "[32]");
    rewrite(base.resolve("model.safetensors.index.json"), "\"model-00002", "\"../model-00002");
    refused(base, "weight_map", "../model-00002", "no file beside it");
    rewrite(base.resolve("model.safetensors.index.json"), "weight_map", "weights");
    refused(base, "weight_map", "index.json");
  }

  @Test
  void turnedWeightsAreRefusedInTheShapeOfTheirFile() {
    Path base = Fixture.of("gpt2").copyBase(folder.resolve("base"));
    Path file = base.resolve("model.safetensors");
    List<Tensor> tensors = new ArrayList<>(Safetensors.read(file).values());
    tensors.removeIf(each -> each.name().equals("transformer.h.1.attn.c_attn.weight"));
    tensors.add(
        Tensor.ofFloats(
            "transformer.h.1.attn.c_attn.weight", new int[] {96, 32}, new float[96 * 32]));
    Safetensors.write(folder.resolve("new"), tensors);
    assertThat(folder.resolve("new").toFile().renameTo(file.toFile())).isTrue();
    refused(base, "transformer.h.1.attn.c_attn.weight", "[96, 32]", "[32, 96]");
  }

  /// As the first GPT-2 was published: no `transformer.` before the names, masks among them.
  @Test
  void aCheckpointWithoutTheLeadingNameIsTheSame() throws IOException {
    Path base = Fixture.of("gpt2").copyBase(folder.resolve("base"));
    Path file = base.resolve("model.safetensors");
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(Tensor.ofFloats("h.0.attn.bias", new int[] {1, 1, 2, 2}, 1, 0, 1, 1));
    for (Tensor tensor : Safetensors.read(file).values()) {
      tensors.add(tensor.named(tensor.name().substring("transformer.".length())));
    }
    Path bare = Fixture.of("gpt2").copyBase(folder.resolve("bare"));
    Files.delete(bare.resolve("model.safetensors"));
    Safetensors.write(bare.resolve("model.safetensors"), tensors);
    try (BaseModel one = BaseModel.load(base);
        BaseModel other = BaseModel.load(bare);
        Generator from = new Generator(one);
        Generator to = new Generator(other)) {
      int[] prompt = {7, 8, 9};
      try (DecodeState expected = from.start(prompt, null);
          DecodeState actual = to.start(prompt, null)) {
        assertThat(to.logits(actual)).isEqualTo(from.logits(expected));
      }
    }
  }

  @Test
  void generationConfigIsReadAndOffered() throws IOException {
    Path base = Fixture.of("qwen2").copyBase(folder.resolve("base"));
    try (BaseModel model = BaseModel.load(base);
        Generator generator = new Generator(model)) {
      assertThat(model.config().eosTokenId()).isEqualTo(4);
      assertThat(model.generation().eosTokenIds()).containsExactly(4, 2);
      assertThat(model.generation().sampling(9, 50))
          .isEqualTo(
              new SamplingParameters(
                  0.7, 0.8, 20, 0, new Penalties(1.05, 0, 0, Map.of()), 9, 50, List.of()));
      for (int end : new int[] {4, 2}) {
        Penalties only = new Penalties(1, 0, 0, Map.of(end, 1000.0));
        Sampler sampler =
            new Sampler(new SamplingParameters(0, 1, 0, 0, only, 1, 9, List.of()), new int[] {7});
        try (DecodeState state = generator.start(new int[] {7}, null)) {
          assertThat(generator.next(state, sampler)).isEqualTo(end);
          assertThat(state.finish()).isEqualTo(FinishReason.STOP);
        }
      }
    }
    Path file = base.resolve("generation_config.json");
    rewrite(file, "\"top_p\": 0.8", "\"top_p\": 1.5");
    refused(base, "top_p", "generation_config.json", "1.5");
    Files.delete(file);
    try (BaseModel model = BaseModel.load(base)) {
      assertThat(model.generation().eosTokenIds()).containsExactly(4);
      assertThat(model.generation().sampling(9, 50))
          .isEqualTo(new SamplingParameters(1, 1, 9, 50, List.of()));
    }
  }

  @Test
  void everyLinearIsNamedAsTheFamilyDoes() {
    DecoderConfig gpt2 = config("gpt2");
    assertThat(LoraConfig.allLinears(2, 4).on(gpt2).targetModules())
        .containsExactly("c_attn", "c_fc", "c_proj");
    LoraConfig attention = new LoraConfig(2, 4, List.of("attn.c_proj"), 0, false);
    try (Adapter adapter = Adapter.initialise(attention, gpt2, 1)) {
      adapter.save(folder);
    }
    assertThat(Safetensors.read(folder.resolve("adapter_model.safetensors")).keySet())
        .containsExactly(
            "base_model.model.transformer.h.0.attn.c_proj.lora_A.weight",
            "base_model.model.transformer.h.0.attn.c_proj.lora_B.weight",
            "base_model.model.transformer.h.1.attn.c_proj.lora_A.weight",
            "base_model.model.transformer.h.1.attn.c_proj.lora_B.weight");
    DecoderConfig llama = TinyModel.config(true);
    assertThatThrownBy(() -> Adapter.load(folder, llama))
        .isInstanceOf(AdapterFormatException.class)
        .hasMessageContainingAll("adapter_config.json", "fan_in_fan_out");
    assertThatThrownBy(() -> Adapter.initialise(attention, llama, 1))
        .hasMessageContainingAll("attn.c_proj", "q_proj", "llama");
  }

  @Test
  void absentAndNullWindowsAreWhatTransformersTakesThemFor() throws IOException {
    Path base = Fixture.of("mistral").copyBase(folder.resolve("base"));
    Path file = base.resolve("config.json");
    rewrite(file, "\"sliding_window\": 8", "\"sliding_window\": null");
    assertThat(DecoderConfig.read(file).traits().window()).isEqualTo(Window.NONE);
    rewrite(file, "\"sliding_window\": null", "\"window\": null");
    assertThat(DecoderConfig.read(file).traits().window()).isEqualTo(new Window(4096, 0));
    assertThat(config("qwen2").traits().window()).isEqualTo(new Window(12, 1));
    assertThat(config("qwen3").traits().window()).isEqualTo(Window.NONE);
  }

  private static DecoderConfig config(String family) {
    return DecoderConfig.read(Fixture.of(family).folder().resolve("base/config.json"));
  }

  private static void rewrite(Path file, String good, String bad) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(good);
    Files.writeString(file, text.replace(good, bad));
  }

  private static void refused(Path base, String... told) {
    assertThatThrownBy(() -> BaseModel.load(base))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(told);
  }
}
