package dev.tidemill.quickstart.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.CuratorConfig;
import dev.tidemill.curator.domain.Texts;
import dev.tidemill.curator.domain.near.Fingerprint;
import dev.tidemill.curator.domain.near.NearDocument;
import dev.tidemill.curator.domain.near.NearIndex;
import dev.tidemill.curator.domain.near.NearMatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pages of a reference are nearly the same text on purpose: the quickstart's curator must let all
/// of them through, of the older version and of the newer.
class NearReferenceTest {
  @TempDir private Path directory;

  private final Map<Integer, byte[]> entries = new HashMap<>();
  private final NearIndex index = new NearIndex(10_000, Long.MAX_VALUE / 2, new Entries(entries));

  @Test
  void everyDocumentIsDistinctEnough() throws IOException {
    CuratorConfig curator = QuickstartCurator.config(directory);
    int compared = 0;
    for (KafkaReference version : List.of(KafkaReference.archived(), KafkaReference.current())) {
      compared += admit(curator, version, "kafka-reference", ReferenceText.prose(version));
      compared +=
          admit(
              curator,
              version,
              "kafka-faq",
              ReferenceText.faq(version, (question, answer) -> question + "\n" + answer));
    }
    assertThat(compared).isGreaterThan(200);
    assertThat(entries).hasSizeGreaterThan(100);
  }

  // How many of them are long enough to be compared at all.
  private int admit(
      CuratorConfig curator,
      KafkaReference version,
      String source,
      List<ReferenceDocument> documents) {
    int compared = 0;
    for (ReferenceDocument document : documents) {
      Fingerprint fingerprint = Fingerprint.of(Texts.normalise(document.text()));
      if (fingerprint.shingles() < curator.near().minShingles()) {
        continue;
      }
      compared++;
      NearDocument near =
          new NearDocument(
              version.version() + "/" + document.key(),
              Texts.hash64(document.key()),
              curator.holdout().holdsOut(document.key()),
              fingerprint);
      @Nullable NearMatch match = index.nearest(near, curator.near().similarityOf(source));
      assertThat(match).as("what %s is nearly the same as", near.id()).isNull();
      index.put(near, compared);
    }
    return compared;
  }

  private record Entries(Map<Integer, byte[]> entries) implements NearIndex.Storage {
    @Override
    public void put(int slot, byte[] entry) {
      entries.put(slot, entry);
    }

    @Override
    public void delete(int slot) {
      entries.remove(slot);
    }

    @Override
    public void each(Visitor visitor) {
      entries.forEach(visitor::visit);
    }
  }
}
