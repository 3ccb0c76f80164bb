package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.safetensors.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Prompt tuning: embeddings of virtual tokens that stand before a text.
///
/// @param virtualTokens how many
/// @param startText the words whose embeddings training starts from, over and over until there are
///     enough; tokens drawn from the vocabulary when it is empty
/// @param nearest for each virtual token the tokens of the base that are nearest to it, the nearest
///     first; empty until it was trained
public record PromptConfig(int virtualTokens, String startText, List<List<String>> nearest)
    implements TuningMethod {
  static final String PEFT_TYPE = "PROMPT_TUNING";

  /// What PEFT calls the one tensor.
  static final String IN_FILE = "prompt_embeddings";

  private static final String KEY = "prompt";
  private static final String NEAREST = "tidemill_nearest_tokens";

  public PromptConfig {
    if (virtualTokens < 1) {
      throw new IllegalArgumentException(
          "A prompt must have at least 1 virtual token, not " + virtualTokens + ".");
    }
    nearest = nearest.stream().map(List::copyOf).toList();
  }

  /// Not trained yet.
  public PromptConfig(int virtualTokens, String startText) {
    this(virtualTokens, startText, List.of());
  }

  static PromptConfig read(JsonFile json, DecoderConfig base) {
    TuningMethods.requireOf(json, "token_dim", base.hiddenSize());
    TuningMethods.requireOf(json, "num_transformer_submodules", 1);
    List<List<String>> nearest = new ArrayList<>();
    JsonNode written = json.optional(NEAREST);
    if (written != null) {
      for (JsonNode token : written) {
        List<String> words = new ArrayList<>();
        token.forEach(word -> words.add(word.asText()));
        nearest.add(words);
      }
    }
    return new PromptConfig(
        json.integer("num_virtual_tokens"), json.text("prompt_tuning_init_text", ""), nearest);
  }

  /// The same with the tokens that are nearest.
  public PromptConfig withNearest(List<List<String>> tokens) {
    return new PromptConfig(virtualTokens, startText, tokens);
  }

  @Override
  public String peftType() {
    return PEFT_TYPE;
  }

  @Override
  public SortedMap<String, int[]> shapes(DecoderConfig base) {
    SortedMap<String, int[]> shapes = new TreeMap<>();
    shapes.put(KEY, new int[] {fitting(virtualTokens, base), base.hiddenSize()});
    return shapes;
  }

  @Override
  public List<Tensor> fresh(BaseModel base, long seed) {
    int width = base.config().hiddenSize();
    float[] embedding = base.weight("model.embed_tokens.weight").toFloats();
    int[] start = startText.isEmpty() ? new int[0] : base.tokenizer().encodeText(startText);
    RandomGenerator random = DecoderShapes.random(seed);
    float[] values = new float[virtualTokens * width];
    for (int i = 0; i < virtualTokens; i++) {
      int token =
          start.length > 0 ? start[i % start.length] : random.nextInt(base.tokenizer().size());
      System.arraycopy(embedding, token * width, values, i * width, width);
    }
    return List.of(Tensor.ofFloats(KEY, new int[] {virtualTokens, width}, values));
  }

  @Override
  public void write(ObjectNode json, DecoderConfig base) {
    json.putNull("base_model_name_or_path");
    json.put("inference_mode", true);
    json.put("num_attention_heads", base.heads());
    json.put("num_layers", base.layers());
    json.put("num_transformer_submodules", 1);
    json.put("num_virtual_tokens", virtualTokens);
    json.put("prompt_tuning_init", "RANDOM");
    json.put("task_type", "CAUSAL_LM");
    json.put("token_dim", base.hiddenSize());
    if (!nearest.isEmpty()) {
      var all = json.putArray(NEAREST);
      nearest.forEach(words -> words.forEach(all.addArray()::add));
    }
  }

  @Override
  public String fileName(String own, DecoderConfig base) {
    return IN_FILE;
  }

  /// The number of virtual tokens, if the base has room for them and a text.
  static int fitting(int virtualTokens, DecoderConfig base) {
    if (virtualTokens > base.maxPositions() - 2) {
      throw new IllegalArgumentException(
          "%d virtual tokens leave no room for a text in %d positions."
              .formatted(virtualTokens, base.maxPositions()));
    }
    return virtualTokens;
  }
}
