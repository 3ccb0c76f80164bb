package dev.tidemill.curator.io;

import dev.tidemill.curator.guard.Ballot;
import dev.tidemill.curator.guard.Ballots;
import dev.tidemill.curator.guard.Stance;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;

/// How the ballots on a prompt lie in their store.
final class BallotForm {
  private BallotForm() {}

  /// Of ballots.
  static Serde<Ballots> serde() {
    return Wire.serde(
        "ballots",
        (ballots, out) -> {
          // Negative: what begins with a number from 0 on tells nothing of the pieces.
          out.writeInt(-1 - ballots.all().size());
          out.writeInt(ballots.group());
          for (Ballot ballot : ballots.all()) {
            write(ballot, out);
          }
        },
        in -> {
          int size = in.readInt();
          boolean plain = size >= 0;
          int group = plain ? 0 : in.readInt();
          List<Ballot> all = new ArrayList<>();
          for (int left = plain ? size : -1 - size; left > 0; left--) {
            all.add(plain ? readPlain(in) : read(in));
          }
          return new Ballots(all, group);
        });
  }

  private static void write(Ballot ballot, DataOutputStream out) throws IOException {
    out.writeUTF(ballot.subject());
    out.writeLong(ballot.stance().good());
    out.writeLong(ballot.stance().bad());
    out.writeBoolean(ballot.stance().proposed());
    out.writeDouble(ballot.voice());
    out.writeBoolean(ballot.campaign());
    Ballot.Piece piece = ballot.piece();
    out.writeUTF(piece.source());
    out.writeInt(piece.examples());
    out.writeDouble(piece.weight());
    out.writeBoolean(piece.held());
    out.writeLong(piece.heard());
    out.writeLong(piece.told());
    out.writeByte(piece.words());
    out.writeUTF(ballot.verdict().name());
    out.writeLong(ballot.at());
  }

  private static Ballot read(DataInputStream in) throws IOException {
    return new Ballot(
        in.readUTF(),
        new Stance(in.readLong(), in.readLong(), in.readBoolean()),
        in.readDouble(),
        in.readBoolean(),
        new Ballot.Piece(
            in.readUTF(),
            in.readInt(),
            in.readDouble(),
            in.readBoolean(),
            in.readLong(),
            in.readLong(),
            in.readByte()),
        Ballot.Verdict.valueOf(in.readUTF()),
        in.readLong());
  }

  // A voice of 0 was that of one who is only judged. Nothing is left to be told of these.
  private static Ballot readPlain(DataInputStream in) throws IOException {
    String subject = in.readUTF();
    Stance stance = new Stance(in.readLong(), in.readLong(), in.readBoolean());
    double voice = in.readDouble();
    boolean campaign = in.readBoolean();
    int examples = in.readInt();
    Ballot.Verdict verdict = Ballot.Verdict.valueOf(in.readUTF());
    long at = in.readLong();
    Ballot.Piece piece = Ballot.Piece.of("", examples, examples, voice == 0, at).settle();
    return new Ballot(subject, stance, voice, campaign, piece, verdict, at);
  }
}
