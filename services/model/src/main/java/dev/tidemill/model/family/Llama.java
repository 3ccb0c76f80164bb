package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import java.util.HashSet;
import java.util.Set;

/// Llama, with the stretched frequencies of Llama 3 where asked for, and with biases where
/// `attention_bias` or `mlp_bias` says so.
public record Llama() implements Family {
  private static final Set<String> MLP = Set.of("gate_proj", "up_proj", "down_proj");

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public String architecture() {
    return "LlamaForCausalLM";
  }

  @Override
  public DecoderConfig read(JsonFile json) {
    Set<String> biases = new HashSet<>();
    if (json.flag("attention_bias", false)) {
      biases.addAll(LlamaKeys.ATTENTION);
    }
    if (json.flag("mlp_bias", false)) {
      biases.addAll(MLP);
    }
    Traits traits = Traits.llama(LlamaKeys.rotary(json), biases, false, Window.NONE);
    int heads = json.integer("num_attention_heads");
    return LlamaKeys.read(
        json,
        this,
        traits,
        json.integer("num_key_value_heads", heads),
        json.integer("head_dim", LlamaKeys.sharedWidth(json)));
  }

  @Override
  public void write(DecoderConfig config, ObjectNode json) {
    LlamaKeys.write(config, json);
    json.put("attention_bias", config.traits().biases().contains("o_proj"));
    json.put("mlp_bias", config.traits().biases().contains("down_proj"));
  }
}
