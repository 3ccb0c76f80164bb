package dev.tidemill.curator.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemill.curator.guard.Ballot;
import dev.tidemill.curator.guard.Ballots;
import dev.tidemill.curator.guard.Sketch;
import dev.tidemill.curator.guard.Stance;
import dev.tidemill.curator.guard.Standing;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.Test;

/// State that another version of the curator wrote can be read.
class StoredFormTest {
  private final CuratorSerdes serdes = new CuratorSerdes();

  @Test
  void a_standing_with_a_sketch_of_whom_it_met_is_read() throws IOException {
    Sketch met = Sketch.EMPTY.with(7).with(8);
    byte[] stored =
        bytes(
            out -> {
              out.writeLong(5);
              for (int window = 0; window < 2; window++) {
                for (long sum : new long[] {9_000, 6_000, 2_000, 4_000, 1_000}) {
                  out.writeLong(sum);
                }
                for (long word : new long[] {met.a(), met.b(), met.c(), met.d()}) {
                  out.writeLong(word);
                }
              }
            });
    Standing read = read(serdes.standing(), stored);
    assertThat(read.epoch()).isEqualTo(5);
    assertThat(read.present().asked()).isEqualTo(9_000);
    assertThat(read.granted(0)).as("what was borne out costs nothing").isEqualTo(4);
    assertThat(read.borneOut(List.of(7, 8), 256)).as("it has met both").isFalse();
    assertThat(read.borneOut(List.of(7, 9), 256)).isTrue();
    assertThat(again(serdes.standing(), read)).isEqualTo(read);
  }

  @Test
  void a_standing_keeps_the_most_constant_companions() {
    Standing standing = Standing.none(2).ask(3).grant(2).heard(2, 1);
    for (int i = 0; i < 40; i++) {
      standing = standing.met(List.of(1, 2), 2);
    }
    assertThat(again(serdes.standing(), standing)).isEqualTo(standing);
  }

  @Test
  void ballots_that_tell_nothing_of_their_pieces_are_read() throws IOException {
    byte[] stored =
        bytes(
            out -> {
              out.writeInt(2);
              for (double voice : new double[] {0.5, 0}) {
                out.writeUTF("subject/ann");
                out.writeLong(1);
                out.writeLong(2);
                out.writeBoolean(true);
                out.writeDouble(voice);
                out.writeBoolean(false);
                out.writeInt(2);
                out.writeUTF("AGREED");
                out.writeLong(77);
              }
            });
    Ballots read = read(serdes.ballots(), stored);
    assertThat(read.all()).hasSize(2);
    assertThat(read.all().getFirst().stance()).isEqualTo(new Stance(1, 2, true));
    assertThat(read.all().getFirst().verdict()).isEqualTo(Ballot.Verdict.AGREED);
    assertThat(read.all()).extracting(ballot -> ballot.piece().held()).containsExactly(false, true);
    assertThat(read.next(1)).as("nothing is left to be told").isEmpty();
    assertThat(again(serdes.ballots(), read)).isEqualTo(read);
  }

  private interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private static byte[] bytes(Writing writing) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // The form of all that is stored.
    bytes.write(1);
    writing.to(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static <T> T read(Serde<T> serde, byte[] stored) {
    return serde.deserializer().deserialize("", stored);
  }

  private static <T> T again(Serde<T> serde, T value) {
    return read(serde, serde.serializer().serialize("", value));
  }
}
