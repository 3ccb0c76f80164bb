package dev.tidemill.model;

/// An adapter folder that does not fit its base or is damaged: the message is one sentence that
/// names the file and the key or tensor at fault.
public class AdapterFormatException extends ModelFormatException {
  private static final long serialVersionUID = 1L;

  public AdapterFormatException(String message) {
    super(message);
  }

  public AdapterFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
