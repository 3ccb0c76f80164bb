package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import java.util.Set;

/// The keys of `config.json` that Llama and its descendants share.
final class LlamaKeys {
  static final Set<String> ATTENTION = Set.of("q_proj", "k_proj", "v_proj", "o_proj");

  private LlamaKeys() {}

  /// @param kvHeads key and value heads
  /// @param headDim width of a head
  static DecoderConfig read(JsonFile json, Family family, Traits traits, int kvHeads, int headDim) {
    String activation = json.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw json.fault("hidden_act", "is " + activation + ", but only silu is supported");
    }
    return new DecoderConfig(
        json.integer("vocab_size"),
        json.integer("hidden_size"),
        json.integer("intermediate_size"),
        json.integer("num_hidden_layers"),
        json.integer("num_attention_heads"),
        kvHeads,
        headDim,
        json.number("rms_norm_eps", 1e-6),
        json.integer("max_position_embeddings"),
        json.flag("tie_word_embeddings", false),
        json.firstInteger("bos_token_id", -1),
        json.integers("eos_token_id"),
        family,
        traits);
  }

  /// What a head is wide where `head_dim` is not told.
  static int sharedWidth(JsonFile json) {
    return json.integer("hidden_size") / Math.max(1, json.integer("num_attention_heads"));
  }

  static Traits.Rotary rotary(JsonFile json) {
    return new Traits.Rotary(RopeScaling.theta(json), RopeScaling.read(json));
  }

  static void write(DecoderConfig config, ObjectNode json) {
    json.put("attention_dropout", 0.0);
    json.put("head_dim", config.headDim());
    json.put("hidden_act", "silu");
    json.put("hidden_size", config.hiddenSize());
    json.put("initializer_range", 0.02);
    json.put("intermediate_size", config.intermediateSize());
    json.put("max_position_embeddings", config.maxPositions());
    json.put("num_attention_heads", config.heads());
    json.put("num_hidden_layers", config.layers());
    json.put("num_key_value_heads", config.kvHeads());
    json.put("rms_norm_eps", config.normEps());
    switch (config.traits().positions()) {
      case Traits.Rotary rotary -> {
        json.put("rope_theta", rotary.theta());
        rotary.scaling().write(json);
      }
      case Traits.Learned() ->
          throw new IllegalArgumentException(config.family() + " has no learned positions.");
    }
    json.put("tie_word_embeddings", config.tiedEmbeddings());
    json.put("vocab_size", config.vocabSize());
  }
}
