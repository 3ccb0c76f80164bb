package dev.tidemill.platform.window;

import dev.tidemill.events.AppliedErasure;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.CuratedDocument;
import dev.tidemill.events.Example;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.platform.artifact.ArtifactStore;
import dev.tidemill.platform.faults.RejectedFault;
import dev.tidemill.platform.kafka.KafkaClients;
import dev.tidemill.platform.kafka.TopicReader;
import dev.tidemill.platform.kafka.TopicRecord;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.ErasedPositions;
import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.schemas.Topics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Compares what the topics hold with what the candidates say was trained. It reads committed
/// records only and trusts no trainer.
///
/// Of each line the generation counts that [Generations] finds: the ones before it have trained
/// what was erased since, and their releases are quarantined. Erased records are nobody's to train.
public final class LineageAudit {

  /// The account of one lineage, in the generation that counts.
  ///
  /// @param lineage its name, generation included
  /// @param windows published windows
  /// @param trained distinct ids in windows
  /// @param lost ids before the end of the last window that are in no window
  /// @param trainedTwice ids in more than one window, or twice in the windows
  /// @param pending ids after the last window
  /// @param problems what else does not balance, one sentence each
  public record Account(
      String lineage,
      int windows,
      long trained,
      long lost,
      long trainedTwice,
      long pending,
      List<String> problems) {
    public Account {
      problems = List.copyOf(problems);
    }

    public boolean balances() {
      return lost == 0 && trainedTwice == 0 && problems.isEmpty();
    }
  }

  /// The accounts of all lineages.
  public record Report(List<Account> accounts) {
    public Report {
      accounts = List.copyOf(accounts);
    }

    public long lost() {
      return accounts.stream().mapToLong(Account::lost).sum();
    }

    public long trainedTwice() {
      return accounts.stream().mapToLong(Account::trainedTwice).sum();
    }

    public long pending() {
      return accounts.stream().mapToLong(Account::pending).sum();
    }

    public boolean balances() {
      return accounts.stream().allMatch(Account::balances);
    }
  }

  /// A record of a training topic.
  record Item(TopicPartition partition, long offset, String id) {}

  private static final String TUNER = "tuner/";

  private LineageAudit() {}

  /// Audits by the topics alone.
  public static Report run(KafkaClients clients) {
    return run(clients, null);
  }

  /// Audits by the topics, and compares the digests in the manifests with the topics.
  ///
  /// @param artifacts null to leave the manifests out
  public static Report run(KafkaClients clients, @Nullable ArtifactStore artifacts) {
    TopicReader reader = new TopicReader(clients);
    // Candidates first: what is published while we read is then pending, never lost.
    Map<String, List<Candidate>> lineages = new TreeMap<>();
    List<Origin> origins = new ArrayList<>();
    for (TopicRecord<Candidate> record : reader.readAll(Topics.CANDIDATES)) {
      @Nullable Candidate candidate = record.value();
      if (candidate != null) {
        lineages.computeIfAbsent(candidate.getLineage(), l -> new ArrayList<>()).add(candidate);
        origins.add(Origin.of(candidate));
      }
    }
    List<Applied> erasures = new ArrayList<>();
    for (TopicRecord<AppliedErasure> record : reader.readAll(Topics.APPLIED_ERASURES)) {
      @Nullable AppliedErasure erasure = record.value();
      if (erasure != null) {
        erasures.add(Applied.of(erasure));
      }
    }
    Provenance provenance = Provenance.EMPTY.with(origins, erasures);
    Map<String, List<Item>> examples = new TreeMap<>();
    for (TopicRecord<Example> record : reader.readAll(Topics.EXAMPLES)) {
      @Nullable Example example = record.value();
      if (example != null) {
        examples
            .computeIfAbsent(TUNER + example.getTask(), l -> new ArrayList<>())
            .add(item(record, Example::getId, example));
      }
    }
    List<Item> documents = new ArrayList<>();
    for (TopicRecord<CuratedDocument> record : reader.readAll(Topics.CURATED_DOCUMENTS)) {
      @Nullable CuratedDocument document = record.value();
      if (document != null) {
        documents.add(item(record, CuratedDocument::getId, document));
      }
    }
    Set<String> lines = new TreeSet<>(examples.keySet());
    lineages.keySet().forEach(name -> lines.add(Lineage.lineOf(name)));
    List<Account> accounts = new ArrayList<>();
    for (String line : lines) {
      List<Item> items =
          line.startsWith(TUNER) ? examples.getOrDefault(line, List.of()) : documents;
      accounts.add(account(line, lineages, provenance, items, artifacts));
    }
    return new Report(accounts);
  }

  /// The account of a line from its candidates and every record in the topic that it should train.
  ///
  /// @param lineages candidates by lineage
  static Account account(
      String line,
      Map<String, List<Candidate>> lineages,
      Provenance provenance,
      List<Item> all,
      @Nullable ArtifactStore artifacts) {
    List<String> problems = new ArrayList<>();
    int generation = Generations.current(line, provenance);
    for (int former = 1; former < generation; former++) {
      if (!provenance.affects(Lineage.nameOf(line, former))) {
        problems.add(
            "generation %d of %s was followed by another, though nothing that it trained is erased"
                .formatted(former, line));
      }
    }
    String lineage = Lineage.nameOf(line, generation);
    ErasedPositions erased = provenance.erased();
    List<Item> items =
        all.stream().filter(item -> !erased.holds(item.partition, item.offset)).toList();
    List<Candidate> windows = distinct(lineages.getOrDefault(lineage, List.of()), problems);
    checkContiguous(windows, erased, problems);
    Map<String, Integer> times = new HashMap<>();
    for (Candidate window : windows) {
      List<String> ids = new ArrayList<>();
      for (Item item : items) {
        if (window.getWindows().stream().anyMatch(range -> holds(range, item))) {
          ids.add(item.id);
          times.merge(item.id, 1, Integer::sum);
        }
      }
      checkContent(window, ids, artifacts, problems);
    }
    Map<TopicPartition, Long> ends = ends(windows);
    Set<String> lost = new HashSet<>();
    Set<String> pending = new HashSet<>();
    for (Item item : items) {
      if (!times.containsKey(item.id)) {
        (item.offset < ends.getOrDefault(item.partition, 0L) ? lost : pending).add(item.id);
      }
    }
    long twice = times.values().stream().filter(count -> count > 1).count();
    return new Account(
        lineage, windows.size(), times.size(), lost.size(), twice, pending.size(), problems);
  }

  private static <T extends SpecificRecord> Item item(
      TopicRecord<T> record, Function<T, String> id, T value) {
    return new Item(
        new TopicPartition(record.topic(), record.partition()), record.offset(), id.apply(value));
  }

  /// One candidate for each id, by sequence. The same one twice is what a restart may leave.
  private static List<Candidate> distinct(List<Candidate> published, List<String> problems) {
    Map<String, Candidate> byId = new LinkedHashMap<>();
    for (Candidate candidate : published) {
      @Nullable Candidate former = byId.putIfAbsent(candidate.getId(), candidate);
      if (former != null && !former.equals(candidate)) {
        problems.add(candidate.getId() + " was published with two contents");
      }
    }
    return byId.values().stream().sorted(Comparator.comparingLong(Candidate::getSequence)).toList();
  }

  private static void checkContiguous(
      List<Candidate> windows, ErasedPositions erased, List<String> problems) {
    Map<TopicPartition, Long> at = new HashMap<>();
    long sequence = 0;
    for (Candidate window : windows) {
      sequence++;
      if (window.getSequence() != sequence) {
        problems.add(window.getId() + " comes where window " + sequence + " is due");
        sequence = window.getSequence();
      }
      Set<TopicPartition> begun = new HashSet<>();
      for (OffsetRange range : window.getWindows()) {
        TopicPartition partition = new TopicPartition(range.getTopic(), range.getPartition());
        @Nullable Long end = at.put(partition, range.getToOffset());
        boolean first = begun.add(partition);
        if (end == null || end == range.getFromOffset()) {
          continue;
        }
        if (first) {
          problems.add(
              "%s begins at %d of %s, the window before ends at %d"
                  .formatted(window.getId(), range.getFromOffset(), partition, end));
        } else if (!leavesOutOnlyErased(partition, end, range.getFromOffset(), erased)) {
          problems.add(
              "%s leaves out %d to %d of %s, which are not all erased"
                  .formatted(window.getId(), end, range.getFromOffset(), partition));
        }
      }
    }
  }

  private static boolean leavesOutOnlyErased(
      TopicPartition partition, long from, long to, ErasedPositions erased) {
    return from < to
        && LongStream.range(from, to).allMatch(offset -> erased.holds(partition, offset));
  }

  private static void checkContent(
      Candidate window,
      List<String> ids,
      @Nullable ArtifactStore artifacts,
      List<String> problems) {
    if (window.getExamples() != ids.size()) {
      problems.add(
          "%s says %d records, its offsets hold %d"
              .formatted(window.getId(), window.getExamples(), ids.size()));
    }
    if (artifacts == null) {
      return;
    }
    try {
      String said = artifacts.open(window.getArtifact()).manifest().examplesDigest();
      String found = Window.digestOf(ids);
      if (!said.equals(found)) {
        problems.add(
            "the manifest of %s says %s of its ids, the topic says %s"
                .formatted(window.getId(), said, found));
      }
    } catch (RejectedFault e) {
      problems.add(window.getId() + ": " + e.getMessage());
    }
  }

  private static Map<TopicPartition, Long> ends(List<Candidate> windows) {
    Map<TopicPartition, Long> ends = new HashMap<>();
    for (Candidate window : windows) {
      for (OffsetRange range : window.getWindows()) {
        ends.merge(
            new TopicPartition(range.getTopic(), range.getPartition()),
            range.getToOffset(),
            Math::max);
      }
    }
    return ends;
  }

  private static boolean holds(OffsetRange range, Item item) {
    return range.getTopic().equals(item.partition.topic())
        && range.getPartition() == item.partition.partition()
        && range.getFromOffset() <= item.offset
        && item.offset < range.getToOffset();
  }
}
