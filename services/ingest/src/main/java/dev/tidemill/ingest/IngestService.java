package dev.tidemill.ingest;

import dev.tidemill.ingest.domain.BodyReader;
import dev.tidemill.ingest.domain.CsvReader;
import dev.tidemill.ingest.domain.Kind;
import dev.tidemill.ingest.domain.RecordReader;
import dev.tidemill.ingest.domain.TemplateLibrary;
import dev.tidemill.ingest.io.AnswerTopic;
import dev.tidemill.ingest.io.ApiKeys;
import dev.tidemill.ingest.io.BrokerWatch;
import dev.tidemill.ingest.io.BrokerWriter;
import dev.tidemill.ingest.io.IdempotencyCache;
import dev.tidemill.ingest.io.IngestApi;
import dev.tidemill.ingest.io.IngestMetrics;
import dev.tidemill.ingest.io.Quotas;
import dev.tidemill.platform.Service;
import dev.tidemill.platform.ServiceContext;
import dev.tidemill.platform.http.HttpServer;
import dev.tidemill.platform.http.HttpServerFactory;
import dev.tidemill.platform.http.Json;
import dev.tidemill.platform.ids.Ids;
import dev.tidemill.platform.lifecycle.Lifecycle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The gateway. Many of them may run side by side: they share nothing but Kafka.
public final class IngestService implements Service {

  private final ServiceContext context;
  private final IngestConfig config;
  private final Lifecycle lifecycle = new Lifecycle();
  private @Nullable HttpServer server;

  public IngestService(ServiceContext context, IngestConfig config) {
    this.context = context;
    this.config = config;
  }

  @Override
  public void start() {
    IngestMetrics metrics = new IngestMetrics(context.metrics());
    BrokerWatch watch =
        lifecycle.add(
            "broker watch",
            BrokerWatch.start(
                context.kafka(), context.health(), metrics, config.brokerCheckInterval()));
    BrokerWriter writer =
        lifecycle.add(
            "broker writer",
            config.ackTimeout().plus(Duration.ofSeconds(5)),
            new BrokerWriter(
                context.kafka(),
                config.producer().properties(),
                metrics,
                watch,
                new BrokerWriter.Patience(
                    config.ackTimeout(), config.retryAfter(), config.maxWaitingRequests()),
                context.clock()));
    IdempotencyCache remembered =
        new IdempotencyCache(config.idempotencyEntries(), config.idempotencyBytes());
    AnswerTopic answers =
        lifecycle.add(
            "answers",
            new AnswerTopic(
                context,
                remembered,
                writer,
                metrics,
                config.ackTimeout(),
                config.maxRecordBytes()));
    Quotas quotas =
        new Quotas(config.quotas(), config.apiKeys().keySet(), metrics, System::nanoTime);
    metrics.bind(writer, remembered, quotas);
    answers.start();
    RecordReader records =
        new RecordReader(config.limits(), TemplateLibrary.with(config.templates()));
    IngestApi api =
        new IngestApi(
            new BodyReader(Json.mapper(), records),
            new CsvReader(records),
            writer,
            new ApiKeys(config.apiKeys()),
            quotas,
            answers,
            config.retryAfter(),
            metrics,
            context.clock(),
            Ids.system(),
            config.http().maxBodyBytes());
    server =
        lifecycle.add(
            "http server",
            HttpServerFactory.start(
                "ingest",
                config.http(),
                context.metrics(),
                rules -> {
                  for (Kind kind : Kind.values()) {
                    rules.post(
                        kind.path(), (request, response) -> api.post(kind, request, response));
                  }
                }));
  }

  /// The port it listens on.
  public int port() {
    if (server == null) {
      throw new IllegalStateException("ingest has not been started");
    }
    return server.port();
  }

  @Override
  public void close() {
    lifecycle.close();
  }
}
