package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.family.Families;
import dev.tidemill.model.family.Family;
import dev.tidemill.model.family.Llama;
import dev.tidemill.model.family.Traits;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// The shape of a decoder, read from Hugging Face's `config.json` and written to it.
///
/// @param vocabSize rows of the embedding
/// @param hiddenSize width of the residual stream
/// @param intermediateSize width inside the feed-forward block
/// @param layers number of decoder layers
/// @param heads query heads
/// @param kvHeads key and value heads, each shared by `heads / kvHeads` query heads
/// @param headDim width of a head
/// @param normEps added to the mean square, or the variance, in every norm
/// @param maxPositions longest sequence
/// @param tiedEmbeddings whether the output head is the embedding
/// @param bosTokenId token that begins a sequence, or -1
/// @param eosTokenIds tokens that end an answer
/// @param family whose names the files use
/// @param traits what the family asks of the decoder
public record DecoderConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    double normEps,
    int maxPositions,
    boolean tiedEmbeddings,
    int bosTokenId,
    List<Integer> eosTokenIds,
    Family family,
    Traits traits) {

  /// More than any published decoder has: beyond it a number is taken for damage.
  private static final int MOST_LAYERS = 1000;

  public DecoderConfig {
    requirePositive("vocabSize", vocabSize);
    requirePositive("hiddenSize", hiddenSize);
    requirePositive("intermediateSize", intermediateSize);
    requirePositive("layers", layers);
    requirePositive("heads", heads);
    requirePositive("kvHeads", kvHeads);
    requirePositive("headDim", headDim);
    requirePositive("maxPositions", maxPositions);
    if (layers > MOST_LAYERS) {
      throw new IllegalArgumentException(
          "layers must be at most " + MOST_LAYERS + ", but is " + layers + ".");
    }
    if (3L * heads * headDim > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "heads times headDim is too large: %d times %d.".formatted(heads, headDim));
    }
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "heads must be a multiple of kvHeads, but they are " + heads + " and " + kvHeads + ".");
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("headDim must be even, but is " + headDim + ".");
    }
    if (!(normEps > 0)) {
      throw new IllegalArgumentException("normEps must be above 0, but is " + normEps + ".");
    }
    eosTokenIds = eosTokenIds.stream().filter(token -> token >= 0).distinct().toList();
  }

  /// A plain Llama.
  ///
  /// @param ropeTheta base of the rotary position frequencies
  /// @param eosTokenId token that ends an answer, or -1
  public DecoderConfig(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      double normEps,
      double ropeTheta,
      int maxPositions,
      boolean tiedEmbeddings,
      int bosTokenId,
      int eosTokenId) {
    this(
        vocabSize,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        kvHeads,
        headDim,
        normEps,
        maxPositions,
        tiedEmbeddings,
        bosTokenId,
        List.of(eosTokenId),
        new Llama(),
        Traits.llama(ropeTheta));
  }

  /// Reads `config.json`.
  ///
  /// @throws ModelFormatException naming file and key when the decoder is of a family that is not
  ///     supported, or a key is missing or cannot be used
  public static DecoderConfig read(Path configJson) {
    JsonFile json = JsonFile.read(configJson);
    Family family = Families.of(json);
    if (json.optional("quantization_config") != null) {
      throw json.fault("quantization_config", "is set, but quantized weights are not supported");
    }
    try {
      return family.read(json);
    } catch (IllegalArgumentException impossible) {
      throw new ModelFormatException(
          configJson + " is not usable: " + impossible.getMessage(), impossible);
    }
  }

  /// Writes the form that Transformers reads, its keys in the order of the alphabet.
  public void write(Path configJson) {
    ObjectNode json = JsonFile.newObject();
    json.putArray("architectures").add(family.architecture());
    json.put("bos_token_id", bosTokenId);
    if (eosTokenIds.size() > 1) {
      eosTokenIds.forEach(json.putArray("eos_token_id")::add);
    } else {
      json.put("eos_token_id", eosTokenId());
    }
    json.put("model_type", family.modelType());
    json.put("torch_dtype", "float32");
    family.write(this, json);
    ObjectNode sorted = JsonFile.newObject();
    SortedMap<String, JsonNode> byName = new TreeMap<>();
    json.properties().forEach(entry -> byName.put(entry.getKey(), entry.getValue()));
    sorted.setAll(byName);
    JsonFile.write(configJson, sorted);
  }

  /// The first of the tokens that end an answer, the one that training sets at the end of a
  /// text; -1 when there is none.
  public int eosTokenId() {
    return eosTokenIds.isEmpty() ? -1 : eosTokenIds.getFirst();
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, but is " + value + ".");
    }
  }
}
