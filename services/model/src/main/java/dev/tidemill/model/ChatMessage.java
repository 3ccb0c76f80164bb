package dev.tidemill.model;

/// One turn of a conversation, as the chat template sees it.
///
/// @param role who speaks: `system`, `user` or `assistant`
/// @param content what was said
public record ChatMessage(String role, String content) {

  public ChatMessage {
    if (role.isBlank()) {
      throw new IllegalArgumentException("A chat message needs a role.");
    }
  }

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
