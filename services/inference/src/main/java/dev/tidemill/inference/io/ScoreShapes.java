package dev.tidemill.inference.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.inference.decode.ScoredToken;
import dev.tidemill.model.generate.TokenScore;
import dev.tidemill.model.tokenizer.TokenBytes;
import java.util.List;

/// Scores of tokens as `logprobs`, in the two shapes that OpenAI has for them.
final class ScoreShapes {
  /// What OpenAI says of tokens that are as good as impossible.
  private static final double LEAST = -9999;

  private ScoreShapes() {}

  /// As chat completions have it.
  static ObjectNode chat(List<ScoredToken> scores, TokenBytes tokens) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    ArrayNode content = node.putArray("content");
    for (ScoredToken scored : scores) {
      TokenScore score = scored.score();
      ObjectNode one = token(content, score.token(), score.logProb(), tokens);
      ArrayNode top = one.putArray("top_logprobs");
      score.likeliest().forEach(other -> token(top, other.token(), other.logProb(), tokens));
    }
    node.putNull("refusal");
    return node;
  }

  /// As completions have it: lists side by side.
  static ObjectNode text(List<ScoredToken> scores, TokenBytes tokens) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    ArrayNode texts = node.putArray("tokens");
    ArrayNode logProbs = node.putArray("token_logprobs");
    ArrayNode tops = node.putArray("top_logprobs");
    ArrayNode offsets = node.putArray("text_offset");
    for (ScoredToken scored : scores) {
      TokenScore score = scored.score();
      texts.add(tokens.text(score.token()));
      offsets.add(scored.offset());
      if (!score.known()) {
        logProbs.addNull();
        tops.addNull();
        continue;
      }
      logProbs.add(bounded(score.logProb()));
      ObjectNode top = tops.addObject();
      score
          .likeliest()
          .forEach(other -> top.put(tokens.text(other.token()), bounded(other.logProb())));
      top.put(tokens.text(score.token()), bounded(score.logProb()));
    }
    return node;
  }

  private static ObjectNode token(ArrayNode list, int token, double logProb, TokenBytes tokens) {
    ObjectNode node = list.addObject();
    node.put("token", tokens.text(token));
    node.put("logprob", bounded(logProb));
    ArrayNode bytes = node.putArray("bytes");
    for (byte each : tokens.of(token)) {
      bytes.add(each & 0xff);
    }
    return node;
  }

  private static double bounded(double logProb) {
    return logProb >= LEAST ? logProb : LEAST;
  }
}
