package dev.tidemill.platform.window;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.events.Message;
import dev.tidemill.schemas.AvroCodec;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchPlanTest {
  @TempDir Path folder = Path.of("");

  @Test
  void eachSequenceComesAsOftenAsTold() {
    int[] lengths = {3, 9, 4, 20, 5};
    int[] epochs = {8, 3, 1, 2, 0};

    List<List<Integer>> plan = BatchPlan.of(lengths, epochs, 16, 3, 7);

    for (int i = 0; i < lengths.length; i++) {
      int index = i;
      assertThat(plan.stream().flatMap(List::stream).filter(at -> at == index).count())
          .isEqualTo(epochs[i]);
    }
  }

  @Test
  void batchesKeepToTheirTokensButForASequenceThatIsLonger() {
    int[] lengths = IntStream.range(1, 60).toArray();
    int[] epochs = IntStream.range(1, 60).map(i -> 2).toArray();

    for (List<Integer> batch : BatchPlan.of(lengths, epochs, 40, 8, 1)) {
      int longest = batch.stream().mapToInt(i -> lengths[i]).max().orElseThrow();
      assertThat(batch.size() == 1 || batch.size() * longest <= 40).isTrue();
      assertThat(batch).hasSizeLessThanOrEqualTo(8);
    }
  }

  @Test
  void sameSeedGivesTheSamePlan() {
    int[] lengths = {3, 9, 4, 20, 5};
    int[] epochs = {8, 3, 1, 2, 4};

    assertThat(BatchPlan.of(lengths, epochs, 16, 3, 7))
        .isEqualTo(BatchPlan.of(lengths, epochs, 16, 3, 7))
        .isNotEqualTo(BatchPlan.of(lengths, epochs, 16, 3, 8));
  }

  @Test
  void replayIsBoundedReplacedByKeyAndSurvivesTheDisk() {
    ReplayBuffer<Message> buffer = buffer(3);
    buffer.add(List.of(said("a", "old"), said("b", "old")), new Random(1));
    buffer.add(List.of(said("a", "new"), said("c", "new"), said("d", "new")), new Random(1));
    buffer.save(folder);
    ReplayBuffer<Message> read = buffer(3);
    read.load(folder);

    List<Message> all = read.sample(10, Set.of(), new Random(1));
    assertThat(all).hasSize(3).doesNotContain(said("a", "old"));
    assertThat(read.sample(10, Set.of("c", "d"), new Random(1)))
        .isSubsetOf(said("a", "new"), said("b", "old"));
  }

  private static ReplayBuffer<Message> buffer(int capacity) {
    return new ReplayBuffer<>(AvroCodec.of(Message.class), Message::getRole, capacity);
  }

  private static Message said(String role, String text) {
    return new Message(role, text);
  }
}
