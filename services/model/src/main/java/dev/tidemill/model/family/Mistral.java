package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import java.util.Set;

/// Mistral: Llama with a sliding window on every layer, unless `sliding_window` is null.
public record Mistral() implements Family {
  private static final int WINDOW = 4096;

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public String architecture() {
    return "MistralForCausalLM";
  }

  @Override
  public DecoderConfig read(JsonFile json) {
    boolean everything = json.has("sliding_window") && json.optional("sliding_window") == null;
    Window window =
        everything ? Window.NONE : new Window(json.integer("sliding_window", WINDOW), 0);
    return LlamaKeys.read(
        json,
        this,
        Traits.llama(LlamaKeys.rotary(json), Set.of(), false, window),
        json.integer("num_key_value_heads"),
        json.integer("head_dim", LlamaKeys.sharedWidth(json)));
  }

  @Override
  public void write(DecoderConfig config, ObjectNode json) {
    LlamaKeys.write(config, json);
    Window window = config.traits().window();
    if (window.equals(Window.NONE)) {
      json.putNull("sliding_window");
    } else {
      json.put("sliding_window", window.size());
    }
  }
}
