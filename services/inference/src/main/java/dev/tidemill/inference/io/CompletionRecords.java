package dev.tidemill.inference.io;

import dev.tidemill.events.Completion;
import dev.tidemill.events.Message;
import dev.tidemill.events.Sampling;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.serving.Lease;
import dev.tidemill.model.generate.Penalties;
import dev.tidemill.model.generate.SamplingParameters;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Makes the records of answers: one for each choice, under an id of its own, so that feedback can
/// mean any of them.
final class CompletionRecords {
  private final String replica;

  /// @param replica the id of this replica
  CompletionRecords(String replica) {
    this.replica = replica;
  }

  /// The id of a choice: the first has that of the response, the others say which they are.
  static String id(String response, int choice) {
    return choice == 0 ? response : response + "-" + choice;
  }

  /// @param seed as the client gave it, for this choice; null when it gave none
  Completion of(
      String id,
      AnswerRequest request,
      SamplingParameters parameters,
      @Nullable Long seed,
      String producer,
      Instant at,
      Lease lease,
      Outcome outcome) {
    // Without a first token, the time waited for it.
    double firstToken =
        Double.isNaN(outcome.timeToFirstTokenSeconds())
            ? outcome.durationSeconds()
            : outcome.timeToFirstTokenSeconds();
    return Completion.newBuilder()
        .setId(id)
        .setTask(lease.release().task())
        .setRelease(lease.release().id())
        .setBase(lease.release().baseDigest())
        .setAdapter(lease.release().adapterDigest())
        .setArm(lease.arm())
        .setReplica(replica)
        .setProducer(producer)
        .setSubject(request.user())
        .setPrompt(
            request.prompt().messages().stream()
                .map(message -> new Message(message.role(), message.content()))
                .toList())
        .setAnswer(outcome.text())
        .setSampling(sampling(parameters, seed))
        .setFinishReason(outcome.end().finishReason())
        .setPromptTokens(outcome.promptTokens())
        .setCompletionTokens(outcome.completionTokens())
        .setTimeToFirstTokenSeconds(firstToken)
        .setDurationSeconds(outcome.durationSeconds())
        .setEventTime(at)
        .build();
  }

  private static Sampling sampling(SamplingParameters parameters, @Nullable Long seed) {
    Penalties penalties = parameters.penalties();
    Map<String, Double> bias = new TreeMap<>();
    penalties.bias().forEach((token, value) -> bias.put(Integer.toString(token), value));
    return Sampling.newBuilder()
        .setTemperature(parameters.temperature())
        .setTopP(parameters.topP())
        .setTopK(parameters.topK())
        .setMinP(parameters.minP())
        .setRepetitionPenalty(penalties.repetition())
        .setPresencePenalty(penalties.presence())
        .setFrequencyPenalty(penalties.frequency())
        .setLogitBias(bias)
        .setMaxTokens(parameters.maxTokens())
        .setSeed(seed)
        .build();
  }
}
