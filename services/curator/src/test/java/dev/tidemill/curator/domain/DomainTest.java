package dev.tidemill.curator.domain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.Records;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DomainTest {

  @Test
  void normalising_twice_changes_nothing() {
    Random random = new Random(3);
    String alphabet = "ab \t\r\n\u0000\u0301\u00a0\uFEFFé";
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int c = random.nextInt(20); c > 0; c--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String once = Texts.normalise(text.toString());
      assertThat(Texts.normalise(once)).isEqualTo(once);
      assertThat(once).doesNotContain("\r").doesNotContain(" \n").doesNotContain("\u0000");
    }
  }

  @Test
  void hashes_keep_parts_apart() {
    assertThat(Texts.hash("ab", "c")).isNotEqualTo(Texts.hash("a", "bc"));
  }

  @Test
  void the_holdout_share_is_kept_and_depends_on_the_salt() {
    HoldoutSplit split = new HoldoutSplit(0.1, "one");
    HoldoutSplit other = new HoldoutSplit(0.1, "two");
    int held = 0;
    int both = 0;
    for (int i = 0; i < 20_000; i++) {
      boolean in = split.holdsOut("key" + i);
      held += in ? 1 : 0;
      both += in && other.holdsOut("key" + i) ? 1 : 0;
    }
    assertThat(held).isBetween(1_850, 2_150);
    assertThat(both).isBetween(140, 260);
  }

  @Test
  void the_split_never_changes() {
    // These were computed once; if they change, held-out keys would reach training.
    List<Integer> held =
        java.util.stream.IntStream.range(0, 200)
            .filter(i -> HoldoutSplit.DEFAULT.holdsOut("key" + i))
            .boxed()
            .toList();
    assertThat(held).containsExactly(7, 44, 97, 147, 161, 184);
  }

  @Test
  void keys_ignore_case_and_spacing_and_tell_tasks_and_roles_apart() {
    String key = ExampleMaker.key("support", Records.prompt("What is  linger.ms?\n"));
    assertThat(ExampleMaker.key("support", Records.prompt("what is linger.ms?"))).isEqualTo(key);
    assertThat(ExampleMaker.key("sales", Records.prompt("what is linger.ms?"))).isNotEqualTo(key);
  }

  @Test
  void a_window_begins_anew_only_as_real_time_passes() {
    Burst burst = Burst.first(1_000, 1_000, 100);
    assertThat(burst.next(0, 1_050, 100)).isEqualTo(new Burst(1_000, 2));
    assertThat(burst.next(5_000, 1_050, 100)).isEqualTo(new Burst(1_000, 2));
    assertThat(burst.next(1_100, 1_100, 100)).isEqualTo(new Burst(1_100, 1));
    assertThat(burst.next(0, 1_200, 100)).isEqualTo(new Burst(1_100, 1));
    assertThat(new Burst(0, 40).weight(20)).isEqualTo(0.25);
    assertThat(new Burst(0, 20).weight(20)).isEqualTo(1);
  }
}
