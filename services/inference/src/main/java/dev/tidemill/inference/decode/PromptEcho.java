package dev.tidemill.inference.decode;

import dev.tidemill.model.BaseModel;
import dev.tidemill.model.generate.DecodeState;
import dev.tidemill.model.generate.TokenScore;
import dev.tidemill.model.tokenizer.StreamingDecoder;

/// The text of a prompt that is read token by token, with the score of each. The first token of the
/// text has none: nothing comes before it that a client knows of.
final class PromptEcho {
  private final BaseModel base;
  private final ScoredText scores;
  private final int top;
  private final StreamingDecoder decoder;
  private final StringBuilder text = new StringBuilder();
  private int read;
  private int listed;

  PromptEcho(BaseModel base, ScoredText scores, int top) {
    this.base = base;
    this.scores = scores;
    this.top = top;
    this.decoder = base.tokenizer().streamingDecoder();
  }

  /// The next token of the prompt has been read. A begin token that was put before the text is no
  /// part of it.
  void token(int token, DecodeState state) {
    if (read++ > 0 || token != base.config().bosTokenId()) {
      scores.token(listed++ == 0 ? TokenScore.unknown(token) : state.lastScore(top), text.length());
    }
    text.append(decoder.next(token));
  }

  /// The whole text, when the last token has been read.
  String finish() {
    return text.append(decoder.finish()).toString();
  }
}
