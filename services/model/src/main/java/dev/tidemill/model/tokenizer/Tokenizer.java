package dev.tidemill.model.tokenizer;

import dev.tidemill.model.ChatMessage;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/// Text to tokens and back, and conversations to prompts. Safe for use by any thread.
public final class Tokenizer implements AutoCloseable {
  private Tokenizer() {}

  /// A piece of a conversation: what the model reads, or what it is to answer.
  @SuppressWarnings("ArrayRecordComponent")
  public record ChatSegment(int[] tokens, boolean answer) {}

  /// Loads `tokenizer.json` and `tokenizer_config.json` from a folder.
  public static Tokenizer load(Path folder) {
    throw new UnsupportedOperationException();
  }

  /// Tokens of a text as it stands: nothing is added before or after. Special tokens written out
  /// in the text become those tokens; text from outside goes through [#encodeText].
  public int[] encode(String text) {
    throw new UnsupportedOperationException();
  }

  /// The text of tokens, without special tokens.
  public String decode(int[] tokens) {
    throw new UnsupportedOperationException();
  }

  /// Decodes token by token for streaming: never gives half a character.
  public StreamingDecoder streamingDecoder() {
    throw new UnsupportedOperationException();
  }

  /// The prompt for the assistant's next turn.
  public int[] encodeChat(List<ChatMessage> messages) {
    throw new UnsupportedOperationException();
  }

  /// A whole conversation, cut where the assistant's answers begin and end.
  public List<ChatSegment> chatSegments(List<ChatMessage> messages) {
    throw new UnsupportedOperationException();
  }

  /// Number of a token by its exact content, such as `<|end|>`.
  public OptionalInt tokenId(String token) {
    throw new UnsupportedOperationException();
  }

  /// UTF-8 length of what the tokens stand for, special tokens counting nothing.
  public long utf8Length(int[] tokens) {
    throw new UnsupportedOperationException();
  }

  /// Number of tokens, special ones included.
  public int size() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
