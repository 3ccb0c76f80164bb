package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import java.util.Set;

/// Qwen3, the dense ones: Llama with a norm on the queries and keys of each head, whose width does
/// not follow from the hidden size.
public record Qwen3() implements Family {
  private static final int HEAD_DIM = 128;

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public String architecture() {
    return "Qwen3ForCausalLM";
  }

  @Override
  public DecoderConfig read(JsonFile json) {
    Set<String> biases = json.flag("attention_bias", false) ? LlamaKeys.ATTENTION : Set.of();
    Window window = Window.readSwitched(json, json.integer("num_hidden_layers"));
    return LlamaKeys.read(
        json,
        this,
        Traits.llama(LlamaKeys.rotary(json), biases, true, window),
        json.integer("num_key_value_heads"),
        json.integer("head_dim", HEAD_DIM));
  }

  @Override
  public void write(DecoderConfig config, ObjectNode json) {
    LlamaKeys.write(config, json);
    json.put("attention_bias", !config.traits().biases().isEmpty());
    Window.writeSwitched(config.traits().window(), config.layers(), json);
  }
}
