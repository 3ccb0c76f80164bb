package dev.tidemill.model;

import java.util.SortedMap;
import java.util.TreeMap;

/// The tuning methods by the `peft_type` of their files.
public final class TuningMethods {
  /// Reads a method of one type.
  private interface Reader {
    TuningMethod read(JsonFile json, DecoderConfig base);
  }

  private static final SortedMap<String, Reader> READERS = new TreeMap<>();

  static {
    READERS.put(LoraConfig.PEFT_TYPE, LoraConfig::read);
    READERS.put(WeightsConfig.PEFT_TYPE, WeightsConfig::read);
    READERS.put(BitFitConfig.PEFT_TYPE, BitFitConfig::read);
    READERS.put(BottleneckConfig.PEFT_TYPE, BottleneckConfig::read);
    READERS.put(PrefixConfig.PEFT_TYPE, PrefixConfig::read);
    READERS.put(PromptConfig.PEFT_TYPE, PromptConfig::read);
  }

  private TuningMethods() {}

  /// The method of an `adapter_config.json`, which fits the base.
  ///
  /// @throws ModelFormatException naming file and key when it is unknown or not followed
  /// @throws IllegalArgumentException in one sentence when its values do not fit each other
  static TuningMethod read(JsonFile json, DecoderConfig base) {
    String type = json.text("peft_type");
    Reader reader = READERS.get(type);
    if (reader == null) {
      throw json.fault(
          "peft_type",
          "is " + type + ", but only these are supported: " + String.join(", ", READERS.keySet()));
    }
    TuningMethod method = reader.read(json, base).on(base);
    method.shapes(base);
    return method;
  }

  /// Refuses a key that says something about the base which is not so. An absent one says nothing.
  static void requireOf(JsonFile json, String key, int ofTheBase) {
    if (json.optional(key) != null && json.integer(key) != ofTheBase) {
      throw json.fault(key, "is " + json.integer(key) + ", but the base asks for " + ofTheBase);
    }
  }
}
