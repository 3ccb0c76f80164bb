package dev.tidemill.platform.faults;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.jspecify.annotations.Nullable;

/// Maps what Kafka throws to a [Fault], in one place.
public final class KafkaFaults {

  private KafkaFaults() {}

  /// The fault an exception of a Kafka client stands for. A fault is returned as it is; wrappers of
  /// futures are taken off; what nobody knows is fatal, because going on blindly loses data.
  public static Fault classify(Throwable thrown) {
    Throwable cause = unwrap(thrown);
    if (cause instanceof Fault fault) {
      return fault;
    }
    String message = describe(cause);
    return switch (cause) {
      case RecordTooLargeException e -> new RejectedFault(message, e);
      case RecordBatchTooLargeException e -> new RejectedFault(message, e);
      case InvalidRecordException e -> new RejectedFault(message, e);
      case SerializationException e -> new RejectedFault(message, e);
      // A corrupt batch is retriable for Kafka: another replica may hold a sound copy.
      case CorruptRecordException e -> new RetriableFault(message, e);
      case RetriableException e -> new RetriableFault(message, e);
      case CommitFailedException e -> new RetriableFault(message, e);
      case TransactionAbortedException e -> new RetriableFault(message, e);
      case InterruptException e -> new RetriableFault(message, e);
      case ApiException e -> new FatalFault(message, e);
      case Throwable other -> new FatalFault(message, other);
    };
  }

  private static Throwable unwrap(Throwable thrown) {
    Throwable at = thrown;
    while (at instanceof ExecutionException || at instanceof CompletionException) {
      @Nullable Throwable cause = at.getCause();
      if (cause == null) {
        return at;
      }
      at = cause;
    }
    return at;
  }

  private static String describe(Throwable cause) {
    @Nullable String message = cause.getMessage();
    String type = cause.getClass().getSimpleName();
    return message == null ? "Kafka: " + type : "Kafka: " + type + ": " + message;
  }
}
