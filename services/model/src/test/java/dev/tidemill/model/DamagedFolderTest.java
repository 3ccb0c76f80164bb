package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A sharded folder as Transformers wrote it, damaged: each time one sentence names file and key,
/// or file and tensor, and no native memory is kept.
class DamagedFolderTest {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SHARD = "model-00001-of-00002.safetensors";
  private static final String EMBEDDING = "model.embed_tokens.weight";

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private Path base;
  private long before;

  @BeforeEach
  void copy() {
    base = Fixture.of("qwen2").copyBase(folder.resolve("base"));
    BaseModel.load(base).close();
    before = Engine.memory().liveTensors();
  }

  @AfterEach
  void nothingIsKept() {
    assertThat(Engine.memory().liveTensors()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", SHARD, INDEX})
  void aFileThatIsMissing(String file) throws IOException {
    Files.delete(base.resolve(file));
    // Without an index the weights are sought in one file.
    refused(file.equals(INDEX) ? "model.safetensors does not exist" : file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "generation_config.json", "tokenizer.json", INDEX})
  void aFileThatIsNotJson(String file) throws IOException {
    byte[] whole = Files.readAllBytes(base.resolve(file));
    Files.write(base.resolve(file), Arrays.copyOf(whole, whole.length / 2));
    refused(file, "is not JSON");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model_type              | \"mamba\"      | model_type, mamba, llama",
        "model_type              | null           | model_type, missing",
        "num_hidden_layers       | 2000000000     | layers must be at most 1000",
        "num_hidden_layers       | 0              | layers must be at least 1",
        "num_hidden_layers       | 3000000000     | num_hidden_layers, whole number",
        "hidden_size             | 2147483646     | heads times headDim",
        "intermediate_size       | 2147483647     | mlp.down_proj, [32, 48], [32, 2147483647]",
        "num_attention_heads     | 3              | multiple of kvHeads",
        "rms_norm_eps            | \"small\"      | rms_norm_eps, number",
        "max_position_embeddings | -1             | maxPositions",
        "vocab_size              | 300            | embed_tokens, [320, 32], [300, 32]",
        "vocab_size              | 2147483647     | embed_tokens, [320, 32], [2147483647, 32]",
      })
  void aKeyThatCannotBe(String key, String value, String told) throws IOException {
    edit(
        "config.json",
        json -> {
          json.remove("layer_types");
          json.set(key, JSON.readTree(value));
        });
    refused("config.json", told.split(", "));
  }

  @Test
  void aTokenizerWithMoreTokensThanTheModel() throws IOException {
    edit(
        "tokenizer.json",
        json -> ((ObjectNode) json.path("model").path("vocab")).put("unheard", 320));
    refused("config.json", "vocab_size", "320", "321", "tokenizer.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "2000000000", "\"7\"", "1.5", "null"})
  void aTokenWithANumberThatCannotBe(String number) throws IOException {
    edit(
        "tokenizer.json",
        json ->
            ((ObjectNode) json.path("model").path("vocab")).set("unheard", JSON.readTree(number)));
    refused("tokenizer.json", "model.vocab", "unheard", number);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model        | {\"vocab\": {\"a\": 0}, \"type\": \"Unheard\"}",
        "model        | 7",
        "added_tokens | 7",
        "decoder      | {\"type\": \"Unheard\"}",
      })
  void whatIsJsonButNoTokenizer(String key, String value) throws IOException {
    edit("tokenizer.json", json -> json.set(key, JSON.readTree(value)));
    refused("tokenizer.json");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 200, 5_000})
  void aShardThatIsCutOff(int length) throws IOException {
    byte[] whole = Files.readAllBytes(base.resolve(SHARD));
    assertThat(whole.length).isGreaterThan(length);
    Files.write(base.resolve(SHARD), Arrays.copyOf(whole, length));
    refused(SHARD);
  }

  /// Written over what was there, so that the header keeps its length.
  @ParameterizedTest
  @ValueSource(strings = {"\"BOOL\"", "\"F64\" ", "\"I8\"  ", "\"F32\" ", "null  "})
  void aDtypeThatCannotBe(String dtype) throws IOException {
    String shard = Files.readString(base.resolve(SHARD), StandardCharsets.ISO_8859_1);
    Files.writeString(
        base.resolve(SHARD), shard.replace("\"BF16\"", dtype), StandardCharsets.ISO_8859_1);
    refused(SHARD, "The tensor model.", dtype.contains("32") ? "bytes" : "F32, F16 and BF16");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
  void aWeightThatIsNotFinite(float value) {
    List<Tensor> tensors = new ArrayList<>(Safetensors.read(base.resolve(SHARD)).values());
    Tensor embedding =
        tensors.stream().filter(each -> each.name().equals(EMBEDDING)).findFirst().orElseThrow();
    tensors.remove(embedding);
    float[] values = embedding.toFloats();
    values[values.length - 1] = value;
    tensors.addAll(
        Safetensors.toBf16(List.of(Tensor.ofFloats(EMBEDDING, embedding.shape(), values))));
    Safetensors.write(folder.resolve("new"), tensors);
    assertThat(folder.resolve("new").toFile().renameTo(base.resolve(SHARD).toFile())).isTrue();
    refused(SHARD, EMBEDDING, "not finite");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model-00009-of-00002.safetensors",
        "../base/model-00001-of-00002.safetensors",
        "/etc/hostname",
        "sub/../model-00001-of-00002.safetensors",
        ".",
        "",
        "nul\u0000",
      })
  void anIndexThatLeadsElsewhere(String shard) throws IOException {
    edit(INDEX, json -> ((ObjectNode) json.path("weight_map")).put(EMBEDDING, shard));
    refused(INDEX, "weight_map", EMBEDDING);
  }

  @Test
  void anIndexThatForgetsATensor() throws IOException {
    edit(INDEX, json -> ((ObjectNode) json.path("weight_map")).remove(EMBEDDING));
    refused(INDEX, EMBEDDING, "is missing");
  }

  private interface Edit {
    void on(ObjectNode json) throws IOException;
  }

  private void edit(String file, Edit edit) throws IOException {
    JsonNode json = JsonFile.read(base.resolve(file)).root();
    edit.on((ObjectNode) json);
    JsonFile.write(base.resolve(file), json);
  }

  private void refused(String file, String... told) {
    assertThatThrownBy(() -> BaseModel.load(base))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file)
        .satisfies(e -> Stream.of(told).forEach(each -> assertThat(e).hasMessageContaining(each)))
        .message()
        .endsWith(".")
        .doesNotContain("\n");
  }
}
