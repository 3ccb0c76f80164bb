package dev.tidemill.platform.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/// A consumer whose meters are in the registry from its making to its closing.
///
/// One that assigns its partitions itself closes at once: it has no place in a group to give back,
/// and saying goodbye to the broker would wait behind the fetch that is under way, for as long as
/// that waits for news.
final class MeteredConsumer extends KafkaConsumer<String, byte[]> {

  private final KafkaClientMetrics meters;
  private boolean assigned;

  MeteredConsumer(
      Map<String, Object> properties, MeterRegistry metrics, ScheduledExecutorService refresh) {
    super(properties, new StringDeserializer(), new ByteArrayDeserializer());
    this.meters = new KafkaClientMetrics(this, List.of(), refresh);
    meters.bindTo(metrics);
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    super.assign(partitions);
    assigned = true;
  }

  @Override
  public void close() {
    meters.close();
    if (assigned) {
      super.close(CloseOptions.timeout(Duration.ZERO));
    } else {
      super.close();
    }
  }

  @Override
  public void close(CloseOptions options) {
    meters.close();
    super.close(options);
  }
}
