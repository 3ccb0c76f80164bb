package dev.tidemill.model;

import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.SamplingParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a base says in `generation_config.json` about its answers. Without that file the tokens
/// that end an answer are those of `config.json`, and nothing is said about drawing.
///
/// @param eosTokenIds tokens that end an answer, each of them
/// @param temperature 0 takes the likeliest token, which is what `do_sample: false` says; null
///     where nothing is said
/// @param topP probability mass of the tokens drawn from, or null
/// @param topK most tokens that are drawn from, 0 for no bound, or null
/// @param repetitionPenalty what the logits of tokens that are there already are divided by, or
///     null
public record GenerationConfig(
    List<Integer> eosTokenIds,
    @Nullable Double temperature,
    @Nullable Double topP,
    @Nullable Integer topK,
    @Nullable Double repetitionPenalty) {
  static final String FILE = "generation_config.json";

  public GenerationConfig {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /// Reads the folder's file, if there is one.
  ///
  /// @throws ModelFormatException naming file and key when a value cannot be used
  static GenerationConfig read(Path folder, DecoderConfig config) {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return new GenerationConfig(config.eosTokenIds(), null, null, null, null);
    }
    JsonFile json = JsonFile.read(file);
    List<Integer> eos = json.integers("eos_token_id");
    boolean likeliest = !json.flag("do_sample", true);
    Double temperature = likeliest ? Double.valueOf(0) : number(json, "temperature", 0, 1000);
    Double topP = number(json, "top_p", Double.MIN_VALUE, 1);
    Double topK = number(json, "top_k", 0, Integer.MAX_VALUE);
    return new GenerationConfig(
        eos.isEmpty() ? config.eosTokenIds() : eos,
        temperature,
        topP,
        topK == null ? null : topK.intValue(),
        number(json, "repetition_penalty", Double.MIN_VALUE, 1000));
  }

  /// Whether a token ends an answer.
  public boolean ends(int token) {
    return eosTokenIds.contains(token);
  }

  /// How an answer is drawn when nobody says otherwise: as the base says, and from all tokens
  /// where it says nothing.
  public SamplingParameters sampling(long seed, int maxTokens) {
    return new SamplingParameters(
        temperature == null ? 1 : temperature,
        topP == null ? 1 : topP,
        topK == null ? 0 : topK,
        0,
        repetitionPenalty == null
            ? Penalties.NONE
            : new Penalties(repetitionPenalty, 0, 0, Map.of()),
        seed,
        maxTokens,
        List.of());
  }

  private static @Nullable Double number(JsonFile json, String key, double least, double most) {
    if (json.optional(key) == null) {
      return null;
    }
    double value = json.number(key, 0);
    if (!(value >= least && value <= most)) {
      throw json.fault(key, "is " + value + ", which is out of range");
    }
    return value;
  }
}
