package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// An immutable low-rank delta on one exact base, in PEFT's two files. It is checked when it is
/// loaded: every tensor fits the base and every value is finite. Memory is given back when it is
/// closed and the last decoding that started with it has ended.
public final class Adapter implements AutoCloseable {
  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";
  private static final String PEFT_PREFIX = "base_model.model.";

  /// Keys of PEFT's that change the arithmetic in a way this module does not follow.
  private static final List<String> UNSUPPORTED =
      List.of(
          "use_dora",
          "modules_to_save",
          "rank_pattern",
          "alpha_pattern",
          "layers_to_transform",
          "lora_bias",
          "target_parameters",
          "trainable_token_indices",
          "alora_invocation_tokens",
          "layer_replication",
          "exclude_modules",
          "use_qalora",
          "use_bdlora");

  private final LoraConfig config;
  private final DecoderConfig base;
  private final TensorMap weights;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Adapter(LoraConfig config, DecoderConfig base, Collection<Tensor> tensors) {
    this.config = config;
    this.base = base;
    this.weights = new TensorMap("a", tensors, Map.of("scale", (float) config.scale()));
  }

  /// Loads `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// @throws AdapterFormatException naming the file and tensor or key when the adapter is damaged
  ///     or does not fit the base
  public static Adapter load(Path folder, DecoderConfig base) {
    try {
      LoraConfig config = readConfig(folder.resolve(CONFIG), base);
      return new Adapter(config, base, readTensors(folder.resolve(WEIGHTS), config, base));
    } catch (AdapterFormatException exact) {
      throw exact;
    } catch (ModelFormatException damaged) {
      String message = String.valueOf(damaged.getMessage());
      throw new AdapterFormatException(message, damaged);
    }
  }

  /// A fresh adapter that changes nothing yet: A is random, B is zero.
  public static Adapter initialise(LoraConfig config, DecoderConfig base, long seed) {
    LoraConfig fitting = config.on(base);
    return new Adapter(fitting, base, DecoderShapes.freshLora(fitting, base, seed));
  }

  /// Writes PEFT's two files, the same bytes for the same adapter.
  public void save(Path folder) {
    write(folder, config, base, tensors());
  }

  public LoraConfig config() {
    return config;
  }

  /// Size in native memory.
  public long bytes() {
    return weights.values() * Float.BYTES;
  }

  /// Size in native memory that the adapter of a folder would have, by what its configuration says:
  /// [#load] refuses tensors of other shapes.
  ///
  /// @throws AdapterFormatException naming the key when the configuration cannot be used
  public static long bytesOf(Path folder, DecoderConfig base) {
    try {
      LoraConfig config = readConfig(folder.resolve(CONFIG), base);
      return DecoderShapes.values(DecoderShapes.lora(config, base)) * Float.BYTES;
    } catch (AdapterFormatException exact) {
      throw exact;
    } catch (ModelFormatException damaged) {
      throw new AdapterFormatException(String.valueOf(damaged.getMessage()), damaged);
    }
  }

  /// For this module only: the tensors in native memory.
  public TensorMap weights() {
    return weights;
  }

  /// For this module only: the tensors, outside native memory.
  public List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    weights.arrays().forEach((name, array) -> tensors.add(TensorMap.toTensor(name, array)));
    return tensors;
  }

  /// For this module only: writes an adapter from its tensors.
  public static void write(
      Path folder, LoraConfig config, DecoderConfig base, Collection<Tensor> tensors) {
    try {
      Files.createDirectories(folder);
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing the adapter " + folder + " failed.", unwritable);
    }
    JsonFile.write(folder.resolve(CONFIG), json(config, base));
    Safetensors.write(
        folder.resolve(WEIGHTS),
        tensors.stream().map(tensor -> tensor.named(peftName(tensor.name(), base))).toList());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      weights.release();
    }
  }

  private static String peftName(String own, DecoderConfig base) {
    return PEFT_PREFIX + TensorNames.file(own, base.family());
  }

  private static LoraConfig readConfig(Path file, DecoderConfig base) {
    JsonFile json = JsonFile.read(file);
    String type = json.text("peft_type");
    if (!type.equals("LORA")) {
      throw json.fault("peft_type", "is " + type + ", but only LORA is supported");
    }
    if (!json.text("bias", "none").equals("none")) {
      throw json.fault("bias", "is " + json.text("bias") + ", but only none is supported");
    }
    for (String key : UNSUPPORTED) {
      JsonNode value = json.optional(key);
      boolean neutral =
          value == null
              || (value.isBoolean() && !value.booleanValue())
              || (value.isContainerNode() && value.isEmpty());
      if (!neutral) {
        throw json.fault(key, "is set, which is not supported");
      }
    }
    // PEFT sets this by itself where the base has its inputs first, and unsets it elsewhere.
    if (json.flag("fan_in_fan_out", false) && !base.family().fanInFanOut()) {
      throw json.fault("fan_in_fan_out", "is set, which does not fit the base");
    }
    try {
      LoraConfig config =
          new LoraConfig(
                  json.integer("r"),
                  json.number("lora_alpha", 8),
                  targets(json),
                  json.number("lora_dropout", 0),
                  json.flag("use_rslora", false))
              .on(base);
      DecoderShapes.lora(config, base);
      return config;
    } catch (IllegalArgumentException impossible) {
      throw new AdapterFormatException(
          file + " is not usable: " + impossible.getMessage(), impossible);
    }
  }

  private static List<String> targets(JsonFile json) {
    JsonNode targets = json.optional("target_modules");
    if (targets != null && targets.asText().equals("all-linear")) {
      return LoraConfig.ALL_LINEARS;
    }
    if (targets == null || !targets.isArray()) {
      throw json.fault("target_modules", "is not a list of names");
    }
    List<String> names = new ArrayList<>();
    targets.forEach(target -> names.add(target.asText()));
    return names;
  }

  private static List<Tensor> readTensors(Path file, LoraConfig config, DecoderConfig base) {
    SortedMap<String, Tensor> found = Safetensors.read(file);
    List<Tensor> tensors = new ArrayList<>();
    DecoderShapes.lora(config, base)
        .forEach(
            (name, shape) -> {
              Tensor tensor = found.remove(peftName(name, base));
              if (tensor == null) {
                throw new AdapterFormatException(
                    "The tensor " + peftName(name, base) + " is missing from " + file + ".");
              }
              @Nullable String fault = tensor.fault(file, "the base", shape);
              if (fault != null) {
                throw new AdapterFormatException(fault);
              }
              tensors.add(tensor.named(name));
            });
    if (!found.isEmpty()) {
      throw new AdapterFormatException(
          "The tensor " + found.firstKey() + " in " + file + " does not belong to this adapter.");
    }
    return tensors;
  }

  private static ObjectNode json(LoraConfig config, DecoderConfig base) {
    ObjectNode json = JsonFile.newObject();
    json.putNull("base_model_name_or_path");
    json.put("bias", "none");
    json.put("fan_in_fan_out", base.family().fanInFanOut());
    json.put("inference_mode", true);
    json.put("init_lora_weights", true);
    if (config.alpha() == Math.rint(config.alpha())) {
      json.put("lora_alpha", (long) config.alpha());
    } else {
      json.put("lora_alpha", config.alpha());
    }
    json.put("lora_dropout", config.dropout());
    json.putNull("modules_to_save");
    json.put("peft_type", "LORA");
    json.put("r", config.rank());
    config.targetModules().forEach(json.putArray("target_modules")::add);
    json.put("task_type", "CAUSAL_LM");
    json.put("use_dora", false);
    json.put("use_rslora", config.rsLora());
    return json;
  }
}
