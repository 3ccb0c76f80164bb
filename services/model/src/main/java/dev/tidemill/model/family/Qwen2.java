package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import java.util.Set;

/// Qwen2 and Qwen2.5: Llama with biases on queries, keys and values.
public record Qwen2() implements Family {
  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public String architecture() {
    return "Qwen2ForCausalLM";
  }

  @Override
  public DecoderConfig read(JsonFile json) {
    Window window = Window.readSwitched(json, json.integer("num_hidden_layers"));
    return LlamaKeys.read(
        json,
        this,
        Traits.llama(LlamaKeys.rotary(json), Set.of("q_proj", "k_proj", "v_proj"), false, window),
        json.integer("num_key_value_heads"),
        json.integer("head_dim", LlamaKeys.sharedWidth(json)));
  }

  @Override
  public void write(DecoderConfig config, ObjectNode json) {
    LlamaKeys.write(config, json);
    Window.writeSwitched(config.traits().window(), config.layers(), json);
  }
}
