package dev.tidemill.platform.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// A producer whose meters are in the registry from its making to its closing.
final class MeteredProducer extends KafkaProducer<String, byte[]> {

  private final KafkaClientMetrics meters;

  MeteredProducer(
      Map<String, Object> properties, MeterRegistry metrics, ScheduledExecutorService refresh) {
    super(properties, new StringSerializer(), new ByteArraySerializer());
    this.meters = new KafkaClientMetrics(this, List.of(), refresh);
    meters.bindTo(metrics);
  }

  @Override
  public void close(Duration timeout) {
    meters.close();
    super.close(timeout);
  }
}
