package dev.tidemill.platform.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class KafkaFaultsTest {

  @Test
  void eachErrorSaysWhatToDo() {
    assertThat(KafkaFaults.classify(new TimeoutException("slow")))
        .isInstanceOf(RetriableFault.class)
        .hasMessage("Kafka: TimeoutException: slow");
    assertThat(KafkaFaults.classify(new CommitFailedException("late")))
        .isInstanceOf(RetriableFault.class);
    assertThat(KafkaFaults.classify(new RecordTooLargeException("big")))
        .isInstanceOf(RejectedFault.class);
    assertThat(KafkaFaults.classify(new ProducerFencedException("fenced")))
        .isInstanceOf(FatalFault.class);
    assertThat(KafkaFaults.classify(new FencedInstanceIdException("fenced")))
        .isInstanceOf(FatalFault.class);
    assertThat(KafkaFaults.classify(new TopicAuthorizationException("t")))
        .isInstanceOf(FatalFault.class);
    assertThat(KafkaFaults.classify(new IllegalStateException("bug")))
        .isInstanceOf(FatalFault.class);
  }

  @Test
  void wrappersAreTakenOffAndFaultsKept() {
    RejectedFault own = new RejectedFault("mine");
    assertThat(KafkaFaults.classify(new ExecutionException(new CompletionException(own))))
        .isSameAs(own);
    assertThat(KafkaFaults.classify(new ExecutionException(new TimeoutException("slow"))))
        .isInstanceOf(RetriableFault.class);
  }
}
