package dev.tidemill.inference.io;

import dev.tidemill.inference.domain.ApiProblems;
import dev.tidemill.inference.domain.Prompt;
import dev.tidemill.model.BaseModel;
import dev.tidemill.platform.http.Problem;
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
        case RuntimeException other -> other;
        case null, default -> new IllegalStateException("a prompt cannot be tokenized", e);
      };
    }
  }

  private static int[] tokens(BaseModel model, Prompt prompt) {
    return switch (prompt) {
      case Prompt.Chat chat -> model.tokenizer().encodeChat(chat.messages());
      case Prompt.Text text -> withBegin(model.config().bosTokenId(), model, text.text());
    };
  }

  /// Text alone gets the token that begins every text in training, when the model has one.
  private static int[] withBegin(int bos, BaseModel model, String text) {
    int[] tokens = model.tokenizer().encode(text);
    if (bos < 0) {
      return tokens;
    }
    int[] all = new int[tokens.length + 1];
    all[0] = bos;
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
