package dev.tidemill.inference.io;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.inference.decode.Outcome;
import dev.tidemill.inference.decode.SequenceEvent;
import dev.tidemill.inference.domain.AnswerRequest;
import dev.tidemill.inference.io.Answers.Admitted;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Streams the answers to one request: the pieces of all its choices as they come, each with the
/// index of its choice.
final class AnswerStream {
  private static final Logger log = LoggerFactory.getLogger(AnswerStream.class);

  private final Api api;
  private final Admitted admitted;
  private final boolean scored;
  private final boolean usage;
  private final Duration pingInterval;
  private final List<Choice> choices;
  private int left;

  AnswerStream(Api api, Admitted admitted, AnswerRequest asked, Duration pingInterval) {
    this.api = api;
    this.admitted = admitted;
    this.scored = asked.extras().scored();
    this.usage = asked.includeUsage();
    this.pingInterval = pingInterval;
    this.left = admitted.choices().size();
    this.choices = Stream.generate(Choice::new).limit(left).toList();
  }

  /// Sends everything, until all choices have ended, one has failed or the client has gone.
  void run(ServerResponse response) throws InterruptedException {
    try (SseStream stream = SseStream.open(response)) {
      for (int i = 0; i < choices.size(); i++) {
        @Nullable ObjectNode opening = api.opening(admitted.head(), i, usage);
        if (opening != null) {
          stream.send(opening);
        }
      }
      while (left > 0) {
        switch (admitted.choices().next(pingInterval)) {
          case null -> stream.ping();
          case SequenceEvent.Text text -> stream.send(piece(text));
          case SequenceEvent.Ended last -> ended(last, stream);
        }
      }
    } catch (SseStream.ClientGone e) {
      log.debug("the client of {} has hung up", admitted.head().id());
    }
  }

  private ObjectNode piece(SequenceEvent.Text text) {
    @Nullable ObjectNode scores = scored ? api.scores(text.scores(), admitted.tokens()) : null;
    return api.chunk(admitted.head(), text.choice(), text.piece(), scores, null, usage);
  }

  private void ended(SequenceEvent.Ended last, SseStream stream) throws SseStream.ClientGone {
    Outcome outcome = last.outcome();
    if (!outcome.end().whole()) {
      left = 0;
      stream.send(OpenAiErrors.json(OpenAiApi.problem(outcome)));
      return;
    }
    choices.get(last.choice()).end(outcome);
    String finish = outcome.end().finishReason();
    stream.send(api.chunk(admitted.head(), last.choice(), null, null, finish, usage));
    if (--left == 0) {
      if (usage) {
        stream.send(api.usageChunk(admitted.head(), Choice.Usage.of(choices)));
      }
      stream.done();
    }
  }
}
