package dev.tidemill.curator;

import dev.tidemill.curator.domain.Caps;
import dev.tidemill.curator.domain.HoldoutSplit;
import dev.tidemill.curator.domain.JoinTimes;
import dev.tidemill.curator.domain.Limits;
import dev.tidemill.curator.domain.near.NearRules;
import dev.tidemill.curator.guard.Guard;
import dev.tidemill.curator.text.LanguageRules;
import dev.tidemill.curator.text.Licences;
import dev.tidemill.curator.text.Quality;
import dev.tidemill.curator.text.Screening;
import dev.tidemill.curator.text.Sources;
import dev.tidemill.curator.text.pii.PiiRules;
import dev.tidemill.platform.config.Inline;
import dev.tidemill.platform.kafka.TopicCreation;
import java.nio.file.Path;
import java.time.Duration;

/// The curator's settings (section `curator`). What is left out takes the default named here.
///
/// @param streams how Kafka Streams runs here
/// @param holdout what is kept out of training
/// @param limits what a record may hold
/// @param join how long completions and feedback wait for each other
/// @param dedupe how much is remembered to recognise repetitions
/// @param near when a document is a near duplicate of another
/// @param caps how evidence of one subject or producer is damped
/// @param guard how evidence is weighed against the evidence of others
/// @param text what is asked of texts and of where they come from
/// @param erasure how subjects are erased
public record CuratorConfig(
    @Inline Streams streams,
    HoldoutSplit holdout,
    Limits limits,
    JoinTimes join,
    Dedupe dedupe,
    NearRules near,
    Caps caps,
    Guard guard,
    @Inline TextRules text,
    Erasure erasure) {

  public CuratorConfig {
    holdout = holdout == null ? HoldoutSplit.DEFAULT : holdout;
    limits = limits == null ? Limits.DEFAULT : limits;
    join = join == null ? JoinTimes.DEFAULT : join;
    dedupe = dedupe == null ? Dedupe.DEFAULT : dedupe;
    near = near == null ? NearRules.DEFAULT : near;
    caps = caps == null ? Caps.DEFAULT : caps;
    guard = guard == null ? Guard.DEFAULT : guard;
    erasure = erasure == null ? Erasure.DEFAULT : erasure;
  }

  /// Everything by default, with the state in this directory.
  public static CuratorConfig of(Path stateDirectory) {
    return new CuratorConfig(
        new Streams(stateDirectory, 0, Streams.COMMIT_INTERVAL),
        HoldoutSplit.DEFAULT,
        Limits.DEFAULT,
        JoinTimes.DEFAULT,
        Dedupe.DEFAULT,
        NearRules.DEFAULT,
        Caps.DEFAULT,
        Guard.DEFAULT,
        TextRules.DEFAULT,
        Erasure.DEFAULT);
  }

  /// The same, run like this.
  public CuratorConfig with(Streams other) {
    return new CuratorConfig(
        other, holdout, limits, join, dedupe, near, caps, guard, text, erasure);
  }

  /// What is asked of texts and of where they come from.
  ///
  /// @param listener hears what is found on the way
  public Screening screening(Screening.Listener listener) {
    return new Screening(
        text.quality, text.language, text.pii, text.sources, text.licences, listener);
  }

  /// How Kafka Streams runs here.
  ///
  /// @param stateDirectory where it keeps its state; `state/curator` unless told. It may be lost:
  ///   the state is rebuilt from its changelog topics
  /// @param threads stream threads; 1 unless told
  /// @param commitInterval how often a transaction is committed, which is how soon readers see
  ///   what was written; 100 ms unless told
  public record Streams(Path stateDirectory, int threads, Duration commitInterval) {
    static final Duration COMMIT_INTERVAL = Duration.ofMillis(100);

    public Streams {
      stateDirectory = stateDirectory == null ? Path.of("state", "curator") : stateDirectory;
      threads = threads == 0 ? 1 : threads;
      commitInterval = commitInterval == null ? COMMIT_INTERVAL : commitInterval;
      if (threads < 1) {
        throw new IllegalArgumentException("threads must be at least 1, was " + threads);
      }
      if (commitInterval.toMillis() < 1) {
        throw new IllegalArgumentException(
            "commit_interval must be at least 1 ms, was " + commitInterval);
      }
    }

    /// The same with so many threads.
    public Streams withThreads(int count) {
      return new Streams(stateDirectory, count, commitInterval);
    }
  }

  /// What is asked of texts and of where they come from.
  ///
  /// @param quality what documents must be like
  /// @param language which languages documents may be in
  /// @param pii what personal data is replaced
  /// @param sources where documents may come from
  /// @param licences what licences documents may have
  public record TextRules(
      Quality quality, LanguageRules language, PiiRules pii, Sources sources, Licences licences) {
    /// What holds unless told otherwise.
    public static final TextRules DEFAULT =
        new TextRules(
            Quality.DEFAULT, LanguageRules.ALL, PiiRules.DEFAULT, Sources.ALL, Licences.ANY);

    public TextRules {
      quality = quality == null ? Quality.DEFAULT : quality;
      language = language == null ? LanguageRules.ALL : language;
      pii = pii == null ? PiiRules.DEFAULT : pii;
      sources = sources == null ? Sources.ALL : sources;
      licences = licences == null ? Licences.ANY : licences;
    }

    /// The same with other thresholds of quality.
    public TextRules with(Quality other) {
      return new TextRules(other, language, pii, sources, licences);
    }
  }

  /// How subjects are erased.
  ///
  /// @param rollAfter how long after an erasure, and how often from then on, an empty record is
  ///   written to the topics, so that the segment with its tombstones is closed and can be
  ///   compacted even where nothing else comes; 12 hours and 5 minutes unless told: somewhat more
  ///   than the segments' time
  public record Erasure(Duration rollAfter) {
    public static final Erasure DEFAULT = new Erasure(TopicCreation.SEGMENT.plusMinutes(5));

    public Erasure {
      rollAfter = rollAfter == null ? TopicCreation.SEGMENT.plusMinutes(5) : rollAfter;
      if (rollAfter.isNegative() || rollAfter.isZero()) {
        throw new IllegalArgumentException("roll_after must be positive, was " + rollAfter);
      }
    }
  }

  /// How much is remembered to recognise repetitions, for each partition and kind of record.
  ///
  /// @param retention for how long; 30 days unless told
  /// @param maxEntries at most so many, the oldest forgotten first; 200,000 unless told
  public record Dedupe(Duration retention, int maxEntries) {
    static final Dedupe DEFAULT = new Dedupe(Duration.ofDays(30), 200_000);

    public Dedupe {
      retention = retention == null ? Duration.ofDays(30) : retention;
      maxEntries = maxEntries == 0 ? 200_000 : maxEntries;
      if (retention.isNegative() || retention.isZero()) {
        throw new IllegalArgumentException("retention must be positive, was " + retention);
      }
      if (maxEntries < 1) {
        throw new IllegalArgumentException("max_entries must be positive, was " + maxEntries);
      }
    }
  }
}
