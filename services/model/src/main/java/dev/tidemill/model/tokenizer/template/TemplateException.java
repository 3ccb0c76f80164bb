package dev.tidemill.model.tokenizer.template;

/// A chat template that cannot be read, or that refused a conversation (`raise_exception`).
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TemplateException(String message) {
    super(message);
  }
}
