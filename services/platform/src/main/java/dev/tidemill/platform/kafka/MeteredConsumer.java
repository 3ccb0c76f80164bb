package dev.tidemill.platform.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/// A consumer whose meters are in the registry from its making to its closing.
final class MeteredConsumer extends KafkaConsumer<String, byte[]> {

  private final KafkaClientMetrics meters;

  MeteredConsumer(
      Map<String, Object> properties, MeterRegistry metrics, ScheduledExecutorService refresh) {
    super(properties, new StringDeserializer(), new ByteArrayDeserializer());
    this.meters = new KafkaClientMetrics(this, List.of(), refresh);
    meters.bindTo(metrics);
  }

  @Override
  public void close() {
    meters.close();
    super.close();
  }

  @Override
  public void close(CloseOptions options) {
    meters.close();
    super.close(options);
  }
}
