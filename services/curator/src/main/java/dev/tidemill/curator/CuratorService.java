package dev.tidemill.curator;

import dev.tidemill.curator.erasure.Eraser;
import dev.tidemill.curator.io.CommittedWatermark;
import dev.tidemill.curator.io.CuratorMetrics;
import dev.tidemill.curator.io.CuratorTopology;
import dev.tidemill.curator.io.FailedAssignment;
import dev.tidemill.curator.io.Instance;
import dev.tidemill.curator.io.Stage;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.faults.Fault;
import dev.tidemill.platform.faults.KafkaFaults;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.health.Heartbeat;
import dev.tidemill.platform.kafka.TopicCreation;
import dev.tidemill.platform.lifecycle.Lifecycle;
import dev.tidemill.platform.lifecycle.ServiceLoop;
import dev.tidemill.schemas.Topics;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The curator as a service: runs the topology and says how it does.
///
/// Alive means that its stream threads come round; ready means that Kafka Streams runs. An error
/// that may pass replaces the thread that met it; any other stops the service, loudly.
public final class CuratorService implements Service {
  /// Group, transactional ids and internal topics of the curator begin with it.
  public static final String APPLICATION_ID = "tidemill-curator";

  private static final Logger log = LoggerFactory.getLogger(CuratorService.class);
  private static final String NAME = "curator";
  private static final String STREAMS_PROTOCOL = "streams";
  private static final Duration PULSE_LIMIT = Duration.ofMinutes(2);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
  // A stream thread that waits for the schema registry keeps its state; one that is replaced reads
  // it again. Less than the time-out of a transaction.
  private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(8);
  // Evidence holds up to two examples and the raw record; states hold several.
  private static final int INTERNAL_RECORD_BYTES = 16 * 1024 * 1024;

  private final ServiceContext context;
  private final CuratorConfig config;
  private final Lifecycle lifecycle = new Lifecycle();

  public CuratorService(ServiceContext context, CuratorConfig config) {
    this.context = context;
    this.config = config;
  }

  @Override
  public void start() {
    CuratorMetrics metrics = lifecycle.add("meters", new CuratorMetrics(context.metrics()));
    Heartbeat pulse =
        lifecycle.add("pulse", context.health().heartbeat("curator-streams", PULSE_LIMIT));
    CommittedWatermark watermark =
        new CommittedWatermark(context.kafka(), APPLICATION_ID, context.clock());
    Stage stage =
        Stage.of(
            config,
            context.kafka().withRegistryPatience(REGISTRY_PATIENCE),
            metrics,
            watermark,
            pulse::beat);
    Properties properties = new Properties();
    properties.putAll(properties());
    KafkaStreams streams = new KafkaStreams(CuratorTopology.of(stage), properties);
    streams.setUncaughtExceptionHandler(thrown -> failed(thrown, metrics, pulse));
    KafkaStreamsMetrics streamsMetrics = new KafkaStreamsMetrics(streams);
    lifecycle.add(
        "streams",
        STOP_LIMIT.plusSeconds(5),
        () -> {
          context.health().removeReadiness(NAME);
          streamsMetrics.close();
          // Left in order, the group moves on at once instead of after the session's time.
          CloseOptions leaving =
              CloseOptions.timeout(STOP_LIMIT)
                  .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
          if (!streams.close(leaving)) {
            throw new IllegalStateException("Kafka Streams did not stop within " + STOP_LIMIT);
          }
        });
    context.health().readiness(NAME, () -> whyNotReady(streams));
    streams.start();
    streamsMetrics.bindTo(context.metrics());
    lifecycle.add("watermark", watermark.start(context.health()));
    lifecycle.add("watch", watch(streams, pulse));
    lifecycle.add("eraser", new Eraser(context, config, APPLICATION_ID).start());
  }

  @Override
  public void close() {
    lifecycle.close();
  }

  private Map<String, Object> properties() {
    Map<String, Object> properties =
        new HashMap<>(
            context.kafka().streamsProperties(APPLICATION_ID, config.streams().stateDirectory()));
    // One that comes back on its own state takes its place in the group again at once; the place of
    // one that does not come back is given away after the session's time. The streams protocol
    // knows no such places.
    if (!STREAMS_PROTOCOL.equals(properties.get(StreamsConfig.GROUP_PROTOCOL_CONFIG))) {
      properties.putIfAbsent(
          StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG),
          Instance.of(config.streams().stateDirectory()));
    }
    properties.putIfAbsent(
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 15_000);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, config.streams().threads());
    properties.put(
        StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, config.streams().commitInterval().toMillis());
    properties.put(
        StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
        INTERNAL_RECORD_BYTES);
    properties.put(
        StreamsConfig.topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG), INTERNAL_RECORD_BYTES);
    // What is taken out of state is to leave the changelogs too, as soon as it leaves the topics.
    properties.put(
        StreamsConfig.topicPrefix(TopicConfig.SEGMENT_MS_CONFIG), TopicCreation.SEGMENT.toMillis());
    properties.put(
        StreamsConfig.topicPrefix(TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG),
        Topics.EXAMPLES.compactedWithin().toMillis());
    return properties;
  }

  private static Optional<String> whyNotReady(KafkaStreams streams) {
    KafkaStreams.State state = streams.state();
    return state == KafkaStreams.State.RUNNING
        ? Optional.empty()
        : Optional.of("Kafka Streams is " + state);
  }

  private StreamThreadExceptionResponse failed(
      Throwable thrown, CuratorMetrics metrics, Heartbeat pulse) {
    metrics.threadFailed();
    Throwable cause = causeOf(thrown);
    Fault fault =
        cause instanceof MissingSourceTopicException
            ? FailedAssignment.leave(
                context.kafka(), APPLICATION_ID, config.streams().stateDirectory())
            : KafkaFaults.classify(cause);
    // The thread that reads erasures cannot be replaced: only a new process has one.
    boolean replaceable = !Thread.currentThread().getName().endsWith("GlobalStreamThread");
    if (fault instanceof RetriableFault && replaceable) {
      log.warn("a stream thread is replaced: {}", fault.getMessage());
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    }
    log.error("the curator stops: {}", fault.getMessage(), thrown);
    pulse.fail(cause);
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  private static Throwable causeOf(Throwable thrown) {
    Throwable at = thrown;
    @Nullable Throwable cause = at.getCause();
    while (at instanceof StreamsException && cause != null) {
      at = cause;
      cause = at.getCause();
    }
    return at;
  }

  // While there is no task whose clock could tick, because partitions are being assigned or others
  // have them all, the pulse is kept up from here.
  private ServiceLoop watch(KafkaStreams streams, Heartbeat pulse) {
    CountDownLatch closing = new CountDownLatch(1);
    return ServiceLoop.named("curator-watch", context.health())
        .wakeup(closing::countDown)
        .start(
            () -> {
              boolean idle =
                  streams.state() != KafkaStreams.State.RUNNING
                      || streams.metadataForLocalThreads().stream()
                          .allMatch(thread -> thread.activeTasks().isEmpty());
              if (idle) {
                pulse.beat();
              }
              if (closing.await(1, TimeUnit.SECONDS)) {
                log.debug("the curator's watch ends");
              }
            });
  }
}
