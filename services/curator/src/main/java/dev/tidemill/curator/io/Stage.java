package dev.tidemill.curator.io;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.ExampleMaker;
import dev.tidemill.curator.domain.Rules;
import dev.tidemill.events.Completion;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.DeadLetter;
import dev.tidemill.events.Demonstration;
import dev.tidemill.events.Document;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.events.Holdout;
import dev.tidemill.events.Trust;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.Topics;

/// What every processor of the topology works with. All of it may be shared by threads.
///
/// @param erasures who asked to be forgotten
/// @param watermark up to when all that came for the join has been read
/// @param neighbours how much the subjects of other partitions give
/// @param partitions of the internal topics: how many tasks share the subjects, or the keys
/// @param beat called each time a processor's clock ticks: its thread came round
public record Stage(
    CuratorConfig config,
    Codecs codecs,
    Rules rules,
    CuratorMetrics metrics,
    Erasures erasures,
    Watermark watermark,
    Neighbours neighbours,
    int partitions,
    Runnable beat) {

  /// A stage of this configuration.
  public static Stage of(
      CuratorConfig config,
      KafkaClients kafka,
      CuratorMetrics metrics,
      Watermark watermark,
      Runnable beat) {
    return new Stage(
        config,
        Codecs.of(kafka),
        new Rules(config.limits(), config.screening(metrics)),
        metrics,
        new Erasures(kafka.codec(Topics.ERASURES), config.limits()),
        watermark,
        new Neighbours(kafka.codec(Topics.ACTIVITY)),
        CuratorTopology.PARTITIONS,
        beat);
  }

  /// The same with so many tasks for each stage.
  public Stage with(int tasks) {
    return new Stage(config, codecs, rules, metrics, erasures, watermark, neighbours, tasks, beat);
  }

  ExampleMaker exampleMaker() {
    return new ExampleMaker(rules);
  }

  /// Wire forms of the topics read and written.
  public record Codecs(
      AvroCodec<Document> documents,
      AvroCodec<Demonstration> demonstrations,
      AvroCodec<Completion> completions,
      AvroCodec<Feedback> feedback,
      AvroCodec<CuratedDocument> curatedDocuments,
      AvroCodec<Example> examples,
      AvroCodec<Holdout> holdout,
      AvroCodec<Trust> trust,
      AvroCodec<DeadLetter> deadLetters) {

    static Codecs of(KafkaClients kafka) {
      return new Codecs(
          kafka.codec(Topics.DOCUMENTS),
          kafka.codec(Topics.DEMONSTRATIONS),
          kafka.codec(Topics.COMPLETIONS),
          kafka.codec(Topics.FEEDBACK),
          kafka.codec(Topics.CURATED_DOCUMENTS),
          kafka.codec(Topics.EXAMPLES),
          kafka.codec(Topics.HOLDOUT),
          kafka.codec(Topics.TRUST),
          kafka.codec(Topics.DEAD_LETTERS));
    }
  }
}
