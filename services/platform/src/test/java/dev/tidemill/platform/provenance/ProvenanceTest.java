package dev.tidemill.platform.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.OffsetRange;
import dev.tidemill.events.SourcePosition;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProvenanceTest {
  private static final Provenance KNOWN =
      Provenance.EMPTY.with(
          List.of(
              origin("base1", "base1", null, "pretrainer/b", 1, "documents", 0, 100),
              origin("base2", "base2", "base1", "pretrainer/b", 2, "documents", 100, 200),
              origin("a1", "base1", "base1", "tuner/a", 1, "examples", 0, 100),
              origin("a2", "base1", "a1", "tuner/a", 2, "examples", 100, 200),
              // Started anew from the base, but with the replay buffer of its lineage.
              origin("a3", "base1", "base1", "tuner/a", 3, "examples", 200, 300),
              origin("b1", "base2", "base2", "tuner/b", 1, "others", 0, 100)),
          List.of());

  @Test
  void aWindowTheLaterOnesOfItsLineageAndTheirChildrenContainIt() {
    assertThat(KNOWN.artifactsWith(at("examples", 150))).containsExactlyInAnyOrder("a2", "a3");
    assertThat(KNOWN.artifactsWith(at("examples", 300))).isEmpty();
    assertThat(KNOWN.artifactsWith(at("documents", 150))).containsExactlyInAnyOrder("base2", "b1");
    assertThat(KNOWN.artifactsWith(at("documents", 50)))
        .containsExactlyInAnyOrder("base1", "base2", "a1", "a2", "a3", "b1");
  }

  @Test
  void theOrderOfCandidatesAndErasuresDoesNotMatter() {
    Applied erasure = new Applied("x", Instant.EPOCH, at("examples", 150));
    Provenance later = KNOWN.with(List.of(), List.of(erasure));
    Provenance earlier =
        Provenance.EMPTY
            .with(List.of(), List.of(erasure))
            .with(KNOWN.origins().stream().toList().reversed(), List.of());

    for (Origin origin : KNOWN.origins()) {
      assertThat(earlier.erasureIn(origin.artifact()))
          .as(origin.artifact())
          .isEqualTo(later.erasureIn(origin.artifact()));
    }
    assertThat(later.erasureIn("a3")).contains(erasure);
    assertThat(later.erasureIn("a1")).isEmpty();
    assertThat(later.erasureIn("unknown")).isEmpty();
    assertThat(later.affects("tuner/a")).isTrue();
    assertThat(later.affects("tuner/b")).isFalse();
  }

  @Test
  void whatIsNotPublishedYetIsJudgedByItsParentsToo() {
    Provenance erased =
        KNOWN.with(List.of(), List.of(new Applied("x", Instant.EPOCH, at("documents", 50))));
    assertThat(erased.erasureIn(origin("c1", "base2", null, "tuner/c", 1, "others", 0, 10)))
        .isPresent();
    assertThat(erased.erasureIn(origin("c1", "else", null, "tuner/c", 1, "others", 0, 10)))
        .isEmpty();
    assertThat(erased.affects("tuner/a")).as("its own windows hold nothing erased").isFalse();
  }

  private static ErasedPositions at(String topic, long offset) {
    return ErasedPositions.of(List.of(new SourcePosition(topic, 0, offset)));
  }

  private static Origin origin(
      String artifact,
      String base,
      @Nullable String parent,
      String lineage,
      long sequence,
      String topic,
      long from,
      long to) {
    return new Origin(
        artifact, base, parent, lineage, sequence, List.of(new OffsetRange(topic, 0, from, to)));
  }
}
