package dev.tidemill.model;

/// A model folder that cannot be used as it is: the message is one sentence that names the file
/// and the key or tensor at fault. Retrying does not help; the folder has to change.
public class ModelFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelFormatException(String message) {
    super(message);
  }

  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
