package dev.tidemill.platform.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.events.ArtifactKind;
import dev.tidemill.events.Candidate;
import dev.tidemill.events.GateReport;
import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.SourcePosition;
import dev.tidemill.platform.provenance.Applied;
import dev.tidemill.platform.provenance.ErasedPositions;
import dev.tidemill.platform.provenance.Origin;
import dev.tidemill.platform.provenance.Provenance;
import dev.tidemill.schemas.Topics;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/// Generations and their account, without Kafka. Ten records lie in the topic.
class GenerationsTest {
  private static final String LINE = "tuner/support";
  private static final String SECOND = "tuner/support~2";
  private static final TopicPartition PARTITION = new TopicPartition("t", 0);

  @Test
  void namesTellLineAndGeneration() {
    assertThat(Lineage.nameOf(LINE, 1)).isEqualTo(LINE);
    assertThat(Lineage.nameOf(LINE, 12)).isEqualTo("tuner/support~12");
    assertThat(Lineage.lineOf("tuner/support~12")).isEqualTo(LINE);
    assertThat(Lineage.generationOf("tuner/support~12")).isEqualTo(12);
    assertThat(Lineage.lineOf(LINE)).isEqualTo(LINE);
    assertThat(Lineage.generationOf("tuner/support.2")).isEqualTo(1);
    assertThatThrownBy(() -> new Lineage<>(SECOND, Topics.EXAMPLES, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(SECOND);
    assertThat(new Lineage<>(LINE, 2, Topics.EXAMPLES, null).group())
        .isEqualTo("tidemill-tuner/support~2");
    assertThat(new Lineage<>(LINE, 2, Topics.EXAMPLES, null).transactionalId())
        .as("fences a trainer of any generation")
        .isEqualTo("tidemill-tuner/support");
  }

  @Test
  void anErasureInTheNewestGenerationBeginsTheNext() {
    Candidate first = window(LINE, 1, range(0, 5));
    assertThat(current(List.of())).isEqualTo(1);
    assertThat(current(List.of(), 3)).isEqualTo(1);
    assertThat(current(List.of(first), 7)).as("not trained yet").isEqualTo(1);
    assertThat(current(List.of(first), 3)).isEqualTo(2);
    Candidate second = window(SECOND, 1, range(0, 3), range(4, 5));
    assertThat(current(List.of(first, second), 3)).isEqualTo(2);
    assertThat(current(List.of(first, second), 3, 7)).isEqualTo(2);
    assertThat(current(List.of(first, second), 3, 4)).isEqualTo(3);
    assertThat(current(List.of(window("tuner/supporting", 1, range(0, 5))), 3)).isEqualTo(1);
  }

  @Test
  void onlyTheLastGenerationCounts() {
    LineageAudit.Account account =
        account(
            List.of(
                window(LINE, 1, range(0, 5)),
                window(LINE, 2, range(5, 8)),
                window(SECOND, 1, range(0, 3), range(4, 6))),
            3);
    assertThat(account.lineage()).isEqualTo(SECOND);
    assertThat(account.windows()).isEqualTo(1);
    assertThat(account.trained()).isEqualTo(5);
    assertThat(account.pending()).isEqualTo(4);
    assertThat(account.balances()).as("%s", account).isTrue();
  }

  @Test
  void beforeTheRebuildEverythingIsPending() {
    LineageAudit.Account account = account(List.of(window(LINE, 1, range(0, 5))), 3);
    assertThat(account.lineage()).isEqualTo(SECOND);
    assertThat(account.windows()).isZero();
    assertThat(account.pending()).isEqualTo(9);
    assertThat(account.balances()).isTrue();
  }

  @Test
  void aPlaceThatIsLeftOutThoughNotErasedIsFound() {
    LineageAudit.Account account = account(List.of(window(LINE, 1, range(0, 3), range(5, 8))), 3);
    assertThat(account.lost()).isEqualTo(1);
    assertThat(account.problems())
        .containsExactly("tuner/support#1 leaves out 3 to 5 of t-0, which are not all erased");
  }

  @Test
  void aGenerationWithoutCauseIsFound() {
    LineageAudit.Account account =
        account(List.of(window(LINE, 1, range(0, 5)), window(SECOND, 1, range(0, 5))));
    assertThat(account.balances()).isFalse();
    assertThat(account.problems()).singleElement().asString().contains("generation 1 of " + LINE);
  }

  @Test
  void windowsMeetWhereTheErasedPlaceWasAtTheirEnd() {
    ErasedPositions erased = at(4, 5);
    List<OffsetRange> first = erased.cutFrom(range(0, 5));
    List<OffsetRange> second = erased.cutFrom(range(5, 10));
    LineageAudit.Account account =
        account(
            List.of(
                window(LINE, 1, first.toArray(OffsetRange[]::new)),
                window(LINE, 2, second.toArray(OffsetRange[]::new))),
            4,
            5);
    assertThat(account.balances()).as("%s", account).isTrue();
    assertThat(account.trained()).isEqualTo(8);
  }

  private static int current(List<Candidate> candidates, long... erased) {
    return Generations.current(LINE, provenance(candidates, erased));
  }

  private static LineageAudit.Account account(List<Candidate> candidates, long... erased) {
    Map<String, List<Candidate>> lineages =
        candidates.stream()
            .collect(
                Collectors.groupingBy(Candidate::getLineage, TreeMap::new, Collectors.toList()));
    List<LineageAudit.Item> items =
        LongStream.range(0, 10)
            .mapToObj(offset -> new LineageAudit.Item(PARTITION, offset, "e" + offset))
            .toList();
    return LineageAudit.account(LINE, lineages, provenance(candidates, erased), items, null);
  }

  private static Provenance provenance(List<Candidate> candidates, long... erased) {
    return Provenance.EMPTY.with(
        candidates.stream().map(Origin::of).toList(),
        List.of(new Applied("x", Instant.EPOCH, at(erased))));
  }

  private static ErasedPositions at(long... offsets) {
    return ErasedPositions.of(
        Arrays.stream(offsets).mapToObj(offset -> new SourcePosition("t", 0, offset)).toList());
  }

  private static OffsetRange range(long from, long to) {
    return new OffsetRange("t", 0, from, to);
  }

  private static Candidate window(String lineage, long sequence, OffsetRange... ranges) {
    String digest = lineage + "#" + sequence;
    return new Candidate(
        digest,
        ArtifactKind.ADAPTER,
        digest,
        "base",
        List.of("support"),
        lineage,
        sequence,
        null,
        List.of(ranges),
        Arrays.stream(ranges).mapToLong(r -> r.getToOffset() - r.getFromOffset()).sum(),
        null,
        null,
        new GateReport(true, null, List.of()),
        "test",
        "test",
        Instant.EPOCH);
  }
}
