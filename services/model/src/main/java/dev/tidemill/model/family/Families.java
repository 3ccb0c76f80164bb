package dev.tidemill.model.family;

import dev.tidemill.model.JsonFile;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The families that are supported.
public final class Families {
  public static final List<Family> ALL =
      List.of(new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Gpt2());

  private Families() {}

  /// The family that `model_type` names.
  ///
  /// @throws dev.tidemill.model.ModelFormatException when there is none of that name
  public static Family of(JsonFile json) {
    String type = json.text("model_type");
    for (Family family : ALL) {
      if (family.modelType().equals(type)) {
        return family;
      }
    }
    String known = ALL.stream().map(Family::modelType).collect(Collectors.joining(", "));
    throw json.fault("model_type", "is " + type + ", but only these are supported: " + known);
  }

  /// Last names of linears in any family.
  public static Set<String> linears() {
    return ALL.stream()
        .flatMap(family -> family.linears().stream())
        .collect(Collectors.toUnmodifiableSet());
  }
}
