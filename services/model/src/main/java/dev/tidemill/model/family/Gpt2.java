package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// GPT-2: learned positions, layer norms, one linear for queries, keys and values, biases
/// everywhere, and linears that are written with their inputs first.
public record Gpt2() implements Family {
  private static final String LAYERS = "model.layers.";
  private static final Traits TRAITS =
      new Traits(
          new Traits.Learned(),
          true,
          false,
          true,
          Set.of("qkv_proj", "o_proj", "up_proj", "down_proj"),
          false,
          Window.NONE);

  private static final Map<String, String> OUTER =
      Map.of(
          "model.embed_tokens", "transformer.wte",
          "model.embed_positions", "transformer.wpe",
          "model.norm", "transformer.ln_f",
          "lm_head", "lm_head");

  private static final Map<String, String> INNER =
      Map.of(
          "input_layernorm", "ln_1",
          "post_attention_layernorm", "ln_2",
          "self_attn.qkv_proj", "attn.c_attn",
          "self_attn.o_proj", "attn.c_proj",
          "mlp.up_proj", "mlp.c_fc",
          "mlp.down_proj", "mlp.c_proj");

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public String architecture() {
    return "GPT2LMHeadModel";
  }

  @Override
  public DecoderConfig read(JsonFile json) {
    String activation = json.text("activation_function", "gelu_new");
    if (!activation.equals("gelu_new") && !activation.equals("gelu_pytorch_tanh")) {
      throw json.fault(
          "activation_function",
          "is " + activation + ", but only gelu_new and gelu_pytorch_tanh are supported");
    }
    require(json, "scale_attn_weights", true);
    require(json, "scale_attn_by_inverse_layer_idx", false);
    require(json, "add_cross_attention", false);
    int hidden = json.integer("n_embd");
    int heads = json.integer("n_head");
    return new DecoderConfig(
        json.integer("vocab_size"),
        hidden,
        json.integer("n_inner", 4 * hidden),
        json.integer("n_layer"),
        heads,
        heads,
        hidden / Math.max(1, heads),
        json.number("layer_norm_epsilon", 1e-5),
        json.integer("n_positions"),
        json.flag("tie_word_embeddings", true),
        json.firstInteger("bos_token_id", -1),
        json.integers("eos_token_id"),
        this,
        TRAITS);
  }

  @Override
  public void write(DecoderConfig config, ObjectNode json) {
    json.put("activation_function", "gelu_new");
    json.put("attn_pdrop", 0.0);
    json.put("embd_pdrop", 0.0);
    json.put("initializer_range", 0.02);
    json.put("layer_norm_epsilon", config.normEps());
    json.put("n_embd", config.hiddenSize());
    json.put("n_head", config.heads());
    json.put("n_inner", config.intermediateSize());
    json.put("n_layer", config.layers());
    json.put("n_positions", config.maxPositions());
    json.put("resid_pdrop", 0.0);
    json.put("tie_word_embeddings", config.tiedEmbeddings());
    json.put("vocab_size", config.vocabSize());
  }

  @Override
  public String moduleName(String own) {
    if (own.startsWith(LAYERS)) {
      int dot = own.indexOf('.', LAYERS.length());
      String inner = own.substring(dot + 1);
      return "transformer.h."
          + own.substring(LAYERS.length(), dot)
          + "."
          + INNER.getOrDefault(inner, inner);
    }
    return OUTER.getOrDefault(own, own);
  }

  @Override
  public String prefix() {
    return "transformer.";
  }

  @Override
  public boolean inputsFirst(String own) {
    return own.endsWith("_proj");
  }

  @Override
  public List<String> linears() {
    return List.of("c_attn", "c_fc", "c_proj");
  }

  @Override
  public boolean fanInFanOut() {
    return true;
  }

  private static void require(JsonFile json, String key, boolean only) {
    if (json.flag(key, only) != only) {
      throw json.fault(key, "is " + !only + ", but only " + only + " is supported");
    }
  }
}
