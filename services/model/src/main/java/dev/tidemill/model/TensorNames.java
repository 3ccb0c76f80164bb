package dev.tidemill.model;

import dev.tidemill.model.family.Family;
import dev.tidemill.model.safetensors.Tensor;

/// Tensors under the names of a family's files, and back: a tensor is a module's name and a part
/// of it.
final class TensorNames {
  private TensorNames() {}

  /// The name in the files of an own one, such as `transformer.wte.weight` for
  /// `model.embed_tokens.weight`.
  static String file(String own, Family family) {
    String module = module(own);
    return family.moduleName(module) + own.substring(module.length());
  }

  /// A weight of a base as its file has it.
  static Tensor toFile(Tensor own, Family family) {
    return (turned(own.name(), family) ? own.transposed() : own).named(file(own.name(), family));
  }

  /// Whether a weight lies the other way round in its file.
  static boolean turned(String own, Family family) {
    return own.endsWith(".weight")
        && module(own).length() == own.length() - ".weight".length()
        && family.inputsFirst(module(own));
  }

  private static String module(String own) {
    int added = Math.max(own.indexOf(".lora_"), own.indexOf(".adapter_"));
    return own.substring(0, added >= 0 ? added : own.lastIndexOf('.'));
  }
}
