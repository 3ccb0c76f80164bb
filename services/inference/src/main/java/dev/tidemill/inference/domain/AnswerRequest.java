package dev.tidemill.inference.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request for an answer, read and checked, whichever of the two APIs it came by.
///
/// @param model task, or release id
/// @param prompt what is to be answered
/// @param temperature 0 is greedy
/// @param topP nucleus share
/// @param seed given by the client; null when it left the choice to us
/// @param maxTokens bound that the client gave; null when it gave none
/// @param stop texts that end the answer
/// @param stream whether the answer comes in pieces
/// @param includeUsage whether a stream ends with the counts
/// @param user pseudonymous person behind the request; null when the client named none
public record AnswerRequest(
    String model,
    Prompt prompt,
    double temperature,
    double topP,
    @Nullable Long seed,
    @Nullable Integer maxTokens,
    List<String> stop,
    boolean stream,
    boolean includeUsage,
    @Nullable String user) {

  public AnswerRequest {
    stop = List.copyOf(stop);
  }
}
