package dev.tidemill.model.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.JsonFile;
import dev.tidemill.model.LoraConfig;
import java.util.List;

/// How one family of decoders is written in Hugging Face's files. In memory all go by the names
/// of Llama's tensors; a family whose files say it differently maps them.
///
/// Two of the same family are equal: a family has no state.
public sealed interface Family permits Llama, Mistral, Qwen2, Qwen3, Gpt2 {
  /// The `model_type` in `config.json`.
  String modelType();

  /// The class of Transformers that reads the folder.
  String architecture();

  /// Reads the keys of `config.json`.
  ///
  /// @throws dev.tidemill.model.ModelFormatException naming file and key when one cannot be used
  /// @throws IllegalArgumentException when the values do not fit each other
  DecoderConfig read(JsonFile json);

  /// Puts the keys that [#read] takes; `architectures`, `model_type` and the special tokens are
  /// written for every family alike.
  void write(DecoderConfig config, ObjectNode json);

  /// What a module is called in the files, such as `transformer.h.0.attn.c_attn` for
  /// `model.layers.0.self_attn.qkv_proj`.
  default String moduleName(String own) {
    return own;
  }

  /// What stands before the names of all modules but the head. Checkpoints that were saved
  /// without a head lack it.
  default String prefix() {
    return "model.";
  }

  /// Whether the weight of a module is written with its inputs first.
  default boolean inputsFirst(String own) {
    return false;
  }

  /// Last names of a layer's linears in the files, by which PEFT finds them.
  default List<String> linears() {
    return LoraConfig.ALL_LINEARS;
  }

  /// What PEFT writes as `fan_in_fan_out`: whether the linears of a layer have their inputs
  /// first. It changes no number of an adapter that is not merged.
  default boolean fanInFanOut() {
    return false;
  }
}
