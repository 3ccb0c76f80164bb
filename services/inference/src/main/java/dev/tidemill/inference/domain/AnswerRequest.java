package dev.tidemill.inference.domain;

import dev.tidemill.model.GenerationConfig;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.SamplingParameters;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request for an answer, read and checked, whichever of the two APIs it came by.
///
/// @param model task, or release id
/// @param prompt what is to be answered
/// @param extras what else is wanted beside the answer, or of it
/// @param choices how many answers are wanted
/// @param draw which tokens may be drawn, and how likely
/// @param seed given by the client; null when it left the choice to us
/// @param maxTokens bound that the client gave; null when it gave none
/// @param stop texts that end the answer
/// @param stream whether the answer comes in pieces
/// @param includeUsage whether a stream ends with the counts
/// @param user pseudonymous person behind the request; null when the client named none
public record AnswerRequest(
    String model,
    Prompt prompt,
    Extras extras,
    int choices,
    Draw draw,
    @Nullable Long seed,
    @Nullable Integer maxTokens,
    List<String> stop,
    boolean stream,
    boolean includeUsage,
    @Nullable String user) {

  /// Which tokens may be drawn, and how likely, as the client wishes. What it leaves open is null,
  /// and goes as the base says.
  ///
  /// @param temperature 0 is greedy
  /// @param topP nucleus share
  /// @param topK most tokens drawn from; 0 sets no bound
  /// @param minP least share of the likeliest token's probability
  /// @param repetition what the logits of tokens that are there already are divided by
  /// @param penalties what else is changed about the model's logits first
  public record Draw(
      @Nullable Double temperature,
      @Nullable Double topP,
      @Nullable Integer topK,
      double minP,
      @Nullable Double repetition,
      Penalties penalties) {

    /// The wishes, completed with those of a base.
    ///
    /// @param base what `generation_config.json` says
    public SamplingParameters over(GenerationConfig base, int maxTokens, List<String> stop) {
      SamplingParameters says = base.sampling(0, maxTokens);
      return new SamplingParameters(
          temperature == null ? says.temperature() : temperature,
          topP == null ? says.topP() : topP,
          topK == null ? says.topK() : topK,
          minP,
          new Penalties(
              repetition == null ? says.penalties().repetition() : repetition,
              penalties.presence(),
              penalties.frequency(),
              penalties.bias()),
          0,
          maxTokens,
          stop);
    }
  }

  /// What is wanted beside the bare answer, or of it.
  ///
  /// @param echo whether the prompt's text comes before the answer
  /// @param scores likeliest tokens to name with the score of each token; -1 when no scores are
  ///     wanted
  /// @param json whether the answer must be a JSON object
  public record Extras(boolean echo, int scores, boolean json) {
    /// The bare answer.
    public static final Extras NONE = new Extras(false, -1, false);

    public boolean scored() {
      return scores >= 0;
    }
  }

  public AnswerRequest {
    stop = List.copyOf(stop);
  }
}
