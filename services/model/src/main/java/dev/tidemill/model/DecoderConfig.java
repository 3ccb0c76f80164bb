package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/// The shape of a Llama decoder, in the words of Hugging Face's `config.json`.
///
/// @param vocabSize rows of the embedding
/// @param hiddenSize width of the residual stream
/// @param intermediateSize width inside the feed-forward block
/// @param layers number of decoder layers
/// @param heads query heads
/// @param kvHeads key and value heads, each shared by `heads / kvHeads` query heads
/// @param headDim width of a head
/// @param rmsNormEps added to the mean square in every norm
/// @param ropeTheta base of the rotary position frequencies
/// @param maxPositions longest sequence
/// @param tiedEmbeddings whether the output head is the embedding
/// @param bosTokenId token that begins a sequence
/// @param eosTokenId token that ends an answer
public record DecoderConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    double rmsNormEps,
    double ropeTheta,
    int maxPositions,
    boolean tiedEmbeddings,
    int bosTokenId,
    int eosTokenId) {

  public DecoderConfig {
    requirePositive("vocabSize", vocabSize);
    requirePositive("hiddenSize", hiddenSize);
    requirePositive("intermediateSize", intermediateSize);
    requirePositive("layers", layers);
    requirePositive("heads", heads);
    requirePositive("kvHeads", kvHeads);
    requirePositive("headDim", headDim);
    requirePositive("maxPositions", maxPositions);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "heads must be a multiple of kvHeads, but they are " + heads + " and " + kvHeads + ".");
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("headDim must be even, but is " + headDim + ".");
    }
    if (!(rmsNormEps > 0) || !(ropeTheta > 0)) {
      throw new IllegalArgumentException("rmsNormEps and ropeTheta must be above 0.");
    }
  }

  /// Reads `config.json`.
  ///
  /// @throws ModelFormatException naming file and key when the decoder is of another family or a
  ///     key is missing or cannot be used
  public static DecoderConfig read(Path configJson) {
    JsonFile json = JsonFile.read(configJson);
    String type = json.text("model_type");
    if (!type.equals("llama")) {
      throw json.fault("model_type", "is " + type + ", but only llama is supported");
    }
    JsonNode scaling = json.optional("rope_scaling");
    if (scaling != null) {
      throw json.fault("rope_scaling", "is not supported");
    }
    if (json.flag("attention_bias", false) || json.flag("mlp_bias", false)) {
      throw json.fault("attention_bias", "or mlp_bias is true, but biases are not supported");
    }
    String activation = json.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw json.fault("hidden_act", "is " + activation + ", but only silu is supported");
    }
    int hidden = json.integer("hidden_size");
    int heads = json.integer("num_attention_heads");
    try {
      return new DecoderConfig(
          json.integer("vocab_size"),
          hidden,
          json.integer("intermediate_size"),
          json.integer("num_hidden_layers"),
          heads,
          json.integer("num_key_value_heads", heads),
          json.integer("head_dim", hidden / Math.max(1, heads)),
          json.number("rms_norm_eps", 1e-6),
          ropeTheta(json),
          json.integer("max_position_embeddings"),
          json.flag("tie_word_embeddings", false),
          json.firstInteger("bos_token_id", -1),
          json.firstInteger("eos_token_id", -1));
    } catch (IllegalArgumentException impossible) {
      throw new ModelFormatException(
          configJson.getFileName() + " is not usable: " + impossible.getMessage(), impossible);
    }
  }

  /// Writes the form that Transformers reads as `LlamaForCausalLM`.
  public void write(Path configJson) {
    ObjectNode json = JsonFile.newObject();
    json.putArray("architectures").add("LlamaForCausalLM");
    json.put("attention_bias", false);
    json.put("attention_dropout", 0.0);
    json.put("bos_token_id", bosTokenId);
    json.put("eos_token_id", eosTokenId);
    json.put("head_dim", headDim);
    json.put("hidden_act", "silu");
    json.put("hidden_size", hiddenSize);
    json.put("initializer_range", 0.02);
    json.put("intermediate_size", intermediateSize);
    json.put("max_position_embeddings", maxPositions);
    json.put("mlp_bias", false);
    json.put("model_type", "llama");
    json.put("num_attention_heads", heads);
    json.put("num_hidden_layers", layers);
    json.put("num_key_value_heads", kvHeads);
    json.put("rms_norm_eps", rmsNormEps);
    json.put("rope_theta", ropeTheta);
    json.put("tie_word_embeddings", tiedEmbeddings);
    json.put("torch_dtype", "float32");
    json.put("vocab_size", vocabSize);
    JsonFile.write(configJson, json);
  }

  /// Newer releases of Transformers write the frequencies under `rope_parameters`.
  private static double ropeTheta(JsonFile json) {
    JsonNode parameters = json.optional("rope_parameters");
    if (parameters != null) {
      String type = parameters.path("rope_type").asText("default");
      if (!type.equals("default")) {
        throw json.fault(
            "rope_parameters", "has rope_type " + type + ", but only default is supported");
      }
      if (parameters.path("rope_theta").isNumber()) {
        return parameters.path("rope_theta").asDouble();
      }
    }
    return json.number("rope_theta", 10_000.0);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, but is " + value + ".");
    }
  }
}
