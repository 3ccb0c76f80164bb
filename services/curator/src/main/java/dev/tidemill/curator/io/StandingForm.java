package dev.tidemill.curator.io;

import dev.tidemill.curator.guard.Companions;
import dev.tidemill.curator.guard.Standing;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.kafka.common.serialization.Serde;

/// How a subject's standing lies in its store.
final class StandingForm {
  private StandingForm() {}

  /// Of standings.
  static Serde<Standing> serde() {
    return Wire.serde(
        "standing",
        (standing, out) -> {
          // Negative: what begins with a number from 0 on holds a sketch of whom the subject met.
          out.writeLong(-1 - standing.epoch());
          writeSums(standing.present(), out);
          writeSums(standing.previous(), out);
        },
        in -> {
          long epoch = in.readLong();
          return epoch < 0
              ? new Standing(-1 - epoch, readSums(in, false), readSums(in, false))
              : new Standing(epoch, readSums(in, true), readSums(in, true));
        });
  }

  private static void writeSums(Standing.Sums sums, DataOutputStream out) throws IOException {
    out.writeLong(sums.asked());
    out.writeLong(sums.granted());
    out.writeLong(sums.earned());
    out.writeLong(sums.agreed());
    out.writeLong(sums.disagreed());
    byte[] met = sums.met().times();
    int groups = 0;
    for (byte times : met) {
      groups += times != 0 ? 1 : 0;
    }
    out.writeShort(groups);
    for (int group = 0; group < met.length; group++) {
      if (met[group] != 0) {
        out.writeShort(group);
        out.writeByte(met[group]);
      }
    }
  }

  private static Standing.Sums readSums(DataInputStream in, boolean sketch) throws IOException {
    long asked = in.readLong();
    long granted = in.readLong();
    long earned = in.readLong();
    return new Standing.Sums(
        asked,
        // With the sketch, what is borne out was counted among what was granted.
        sketch ? Math.max(0, granted - earned) : granted,
        earned,
        in.readLong(),
        in.readLong(),
        sketch ? Companions.of(CuratorSerdes.readSketch(in)) : readCompanions(in));
  }

  private static Companions readCompanions(DataInputStream in) throws IOException {
    byte[] times = new byte[Companions.GROUPS];
    for (int groups = in.readUnsignedShort(); groups > 0; groups--) {
      times[in.readUnsignedShort()] = in.readByte();
    }
    return Companions.of(times);
  }
}
