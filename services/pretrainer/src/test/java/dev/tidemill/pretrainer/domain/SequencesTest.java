package dev.tidemill.pretrainer.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.train.TrainingExample;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequencesTest {
  private static final int END = 99;

  @Test
  void shortDocumentIsOneSequenceWithItsEnd() {
    assertThat(Sequences.of(new int[] {1, 2, 3}, END, 8))
        .singleElement()
        .satisfies(s -> assertThat(s.tokens()).containsExactly(1, 2, 3, END));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 7, 8, 13, 14, 15, 50})
  void everyTokenButTheFirstIsPredictedOnce(int length) {
    int[] document = IntStream.range(0, length).toArray();

    List<TrainingExample> sequences = Sequences.of(document, END, 8);

    List<Integer> predicted = new ArrayList<>();
    for (TrainingExample sequence : sequences) {
      assertThat(sequence.tokens().length).isBetween(2, 8);
      for (int i = 0; i < sequence.tokens().length; i++) {
        if (sequence.labelled()[i]) {
          predicted.add(sequence.tokens()[i]);
        }
      }
    }
    List<Integer> wanted = new ArrayList<>(IntStream.range(1, length).boxed().toList());
    wanted.add(END);
    assertThat(predicted).isEqualTo(wanted);
  }

  @Test
  void documentWithoutTokensGivesNoSequence() {
    assertThat(Sequences.of(new int[0], END, 8)).isEmpty();
  }

  @Test
  void sequencesThatPredictNothingAreRefused() {
    assertThatThrownBy(() -> Sequences.of(new int[] {1}, END, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
