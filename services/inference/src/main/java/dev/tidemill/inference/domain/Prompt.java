package dev.tidemill.inference.domain;

import dev.tidemill.model.ChatMessage;
import java.util.List;

/// What is to be answered.
public sealed interface Prompt {

  /// The conversation as completions record it.
  List<ChatMessage> messages();

  /// A conversation; the chat template makes tokens of it.
  record Chat(List<ChatMessage> messages) implements Prompt {
    public Chat {
      messages = List.copyOf(messages);
    }
  }

  /// Text to be continued as it stands.
  record Text(String text) implements Prompt {
    @Override
    public List<ChatMessage> messages() {
      return List.of(ChatMessage.user(text));
    }
  }
}
