package dev.tidemill.inference.io;

import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.domain.Prompt;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.platform.http.Problem;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Makes tokens of prompts on platform threads of its own: requests run on virtual ones, which
/// native code would hold fast.
final class Prompts implements AutoCloseable {
  private final ExecutorService threads;

  Prompts(int threads) {
    this.threads =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("inference-tokenizer-", 0).daemon().factory());
  }

  /// The tokens that the model reads.
  ///
  /// @throws Problem 400 when the chat template refuses the conversation
  int[] encode(BaseModel model, Prompt prompt) throws InterruptedException {
    try {
      return threads.submit(() -> tokens(model, prompt)).get();
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case IllegalArgumentException refused ->
            ApiProblems.invalid("messages", String.valueOf(refused.getMessage()));
        // The base brings no chat template, or one that cannot be used: completions still work.
        case ModelFormatException unusable ->
            ApiProblems.unsupported("messages", String.valueOf(unusable.getMessage()));
        case RuntimeException other -> other;
        case null, default -> new IllegalStateException("a prompt cannot be tokenized", e);
      };
    }
  }

  private static int[] tokens(BaseModel model, Prompt prompt) {
    return switch (prompt) {
      case Prompt.Chat chat -> model.tokenizer().encodeChat(chat.messages());
      case Prompt.Text text -> text(model, text.text());
    };
  }

  private static int[] text(BaseModel model, String text) {
    int[] tokens = model.tokenizer().encodeText(text);
    if (!beginsTexts(model)) {
      return tokens;
    }
    int[] all = new int[tokens.length + 1];
    all[0] = model.config().bosTokenId();
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }

  /// Whether the model learned texts that begin with its begin token: its conversations do then.
  private static boolean beginsTexts(BaseModel model) {
    int bos = model.config().bosTokenId();
    if (bos < 0) {
      return false;
    }
    try {
      int[] conversation = model.tokenizer().encodeChat(List.of(ChatMessage.user("?")));
      return conversation.length > 0 && conversation[0] == bos;
    } catch (IllegalArgumentException | ModelFormatException noTemplate) {
      return true;
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
