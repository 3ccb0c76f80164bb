package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.JsonFile;

/// How far back attention sees.
///
/// @param size positions that are seen, the current one among them
/// @param firstLayer the first layer that this holds for; those before it see everything
public record Window(int size, int firstLayer) {
  /// Every layer sees everything.
  public static final Window NONE = new Window(Integer.MAX_VALUE, 0);

  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";

  public Window {
    if (size < 1 || firstLayer < 0) {
      throw new IllegalArgumentException(
          "sliding_window must be at least 1 and its first layer at least 0, but they are "
              + size
              + " and "
              + firstLayer
              + ".");
    }
  }

  /// Qwen's keys: a window that is there may be switched off, and begins at some layer.
  static Window readSwitched(JsonFile json, int layers) {
    boolean used =
        json.flag("use_sliding_window", false) && json.optional("sliding_window") != null;
    int first = used ? json.integer("max_window_layers", 28) : layers;
    JsonNode types = json.optional("layer_types");
    if (types != null) {
      first = firstSliding(json, types, layers);
    }
    return first < layers ? new Window(json.integer("sliding_window"), first) : NONE;
  }

  static void writeSwitched(Window window, int layers, ObjectNode json) {
    boolean used = !window.equals(NONE);
    json.put("max_window_layers", used ? window.firstLayer : layers);
    if (used) {
      json.put("sliding_window", window.size);
    } else {
      json.putNull("sliding_window");
    }
    json.put("use_sliding_window", used);
  }

  private static int firstSliding(JsonFile json, JsonNode types, int layers) {
    if (!types.isArray() || types.size() != layers) {
      throw json.fault("layer_types", "does not name the kind of each of " + layers + " layers");
    }
    int first = layers;
    for (int layer = 0; layer < layers; layer++) {
      String type = types.get(layer).asText();
      if (type.equals(SLIDING)) {
        first = Math.min(first, layer);
      } else if (!type.equals(FULL) || first < layer) {
        throw json.fault(
            "layer_types",
            "has "
                + type
                + " at layer "
                + layer
                + ", but only full layers before sliding ones"
                + " are supported");
      }
    }
    return first;
  }
}
