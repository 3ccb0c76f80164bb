package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Burst;
import dev.tidemill.curator.domain.Evidence;
import dev.tidemill.curator.domain.EvidenceKind;
import dev.tidemill.curator.domain.JoinState;
import dev.tidemill.curator.domain.Raw;
import dev.tidemill.curator.domain.Served;
import dev.tidemill.curator.domain.Slot;
import dev.tidemill.curator.domain.near.Fingerprint;
import dev.tidemill.curator.guard.Ballots;
import dev.tidemill.curator.guard.Campaign;
import dev.tidemill.curator.guard.Sketch;
import dev.tidemill.curator.guard.Standing;
import dev.tidemill.events.Completion;
import dev.tidemill.events.Example;
import dev.tidemill.events.Feedback;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// Serdes of the curator's state and of what it repartitions. Records inside are Avro single-object
/// encoding, so they evolve with their schemas.
final class CuratorSerdes {
  private final AvroCodec<Completion> completions = AvroCodec.of(Completion.class);
  private final AvroCodec<Feedback> feedback = AvroCodec.of(Feedback.class);
  private final AvroCodec<Example> examples = AvroCodec.of(Example.class);

  Serde<Evidence> evidence() {
    return Wire.serde("evidence", this::writeEvidence, this::readEvidence);
  }

  Serde<Fingerprinted> fingerprinted() {
    return Wire.serde(
        "document",
        (document, out) -> {
          Wire.writeRaw(document.raw(), out);
          out.writeUTF(document.id());
          @Nullable String subject = document.subject();
          out.writeBoolean(subject != null);
          if (subject != null) {
            out.writeUTF(subject);
          }
          out.writeLong(document.eventTime());
          out.writeBoolean(document.heldOut());
          Wire.writeBytes(document.encoded().get(), out);
          out.writeDouble(document.similarity());
          @Nullable Fingerprint fingerprint = document.fingerprint();
          out.writeBoolean(fingerprint != null);
          if (fingerprint != null) {
            Wire.writeBytes(fingerprint.bytes(), out);
          }
        },
        in ->
            new Fingerprinted(
                Wire.readRaw(in),
                in.readUTF(),
                in.readBoolean() ? in.readUTF() : null,
                in.readLong(),
                in.readBoolean(),
                Bytes.wrap(Wire.readBytes(in)),
                in.readDouble(),
                in.readBoolean() ? Fingerprint.ofBytes(Wire.readBytes(in)) : null));
  }

  Serde<JoinState> joinState() {
    return Wire.serde("join state", this::writeJoin, this::readJoin);
  }

  Serde<Burst> burst() {
    return Wire.serde(
        "burst",
        (burst, out) -> {
          out.writeLong(burst.start());
          out.writeLong(burst.count());
        },
        in -> new Burst(in.readLong(), in.readLong()));
  }

  Serde<Standing> standing() {
    return StandingForm.serde();
  }

  Serde<Campaign> campaign() {
    return Wire.serde(
        "campaign",
        (campaign, out) -> {
          out.writeLong(campaign.text());
          out.writeLong(campaign.epoch());
          out.writeInt(campaign.held());
          out.writeInt(campaign.pieces());
          writeSketch(campaign.prompts(), out);
          writeSketch(campaign.subjects(), out);
        },
        in ->
            new Campaign(
                in.readLong(),
                in.readLong(),
                in.readInt(),
                in.readInt(),
                readSketch(in),
                readSketch(in)));
  }

  Serde<Ballots> ballots() {
    return BallotForm.serde();
  }

  private static void writeSketch(Sketch sketch, DataOutputStream out) throws IOException {
    out.writeLong(sketch.a());
    out.writeLong(sketch.b());
    out.writeLong(sketch.c());
    out.writeLong(sketch.d());
  }

  static Sketch readSketch(DataInputStream in) throws IOException {
    return new Sketch(in.readLong(), in.readLong(), in.readLong(), in.readLong());
  }

  private void writeEvidence(Evidence evidence, DataOutputStream out) throws IOException {
    out.writeUTF(evidence.kind().name());
    out.writeUTF(evidence.claim());
    Wire.writeRaw(evidence.raw(), out);
    out.writeInt(evidence.examples().size());
    for (Example example : evidence.examples()) {
      Wire.writeBytes(examples.encode(example), out);
    }
    out.writeDouble(evidence.voice());
    out.writeDouble(evidence.crowd());
    out.writeBoolean(evidence.silent());
    out.writeBoolean(evidence.settled());
  }

  private Evidence readEvidence(DataInputStream in) throws IOException {
    EvidenceKind kind = EvidenceKind.valueOf(in.readUTF());
    String claim = in.readUTF();
    Raw raw = Wire.readRaw(in);
    int size = in.readInt();
    List<Example> made = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      made.add(decode(examples, Wire.readBytes(in)));
    }
    if (in.available() == 0) {
      return new Evidence(kind, raw, claim, made);
    }
    double voice = in.readDouble();
    double crowd = in.readDouble();
    boolean silent = in.readBoolean();
    boolean settled = in.available() > 0 && in.readBoolean();
    return new Evidence(kind, raw, claim, made, voice, crowd, silent, settled);
  }

  private void writeJoin(JoinState state, DataOutputStream out) throws IOException {
    @Nullable Served served = state.served();
    out.writeBoolean(served != null);
    if (served != null) {
      out.writeLong(served.arrivedAt());
      Wire.writeRaw(positionOnly(served.raw()), out);
      Wire.writeBytes(completions.encode(served.completion()), out);
    }
    out.writeInt(state.slots().size());
    for (Slot slot : state.slots()) {
      out.writeUTF(slot.status().name());
      out.writeLong(slot.arrivedAt());
      out.writeLong(slot.dueAt());
      // What is done needs no dead letter any more.
      boolean waiting = slot.status() == Slot.Status.WAITING;
      Wire.writeRaw(waiting ? slot.raw() : positionOnly(slot.raw()), out);
      Wire.writeBytes(feedback.encode(slot.feedback()), out);
    }
  }

  private JoinState readJoin(DataInputStream in) throws IOException {
    @Nullable Served served = null;
    if (in.readBoolean()) {
      long arrivedAt = in.readLong();
      Raw raw = Wire.readRaw(in);
      served = new Served(decode(completions, Wire.readBytes(in)), raw, arrivedAt);
    }
    int size = in.readInt();
    List<Slot> slots = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      Slot.Status status = Slot.Status.valueOf(in.readUTF());
      long arrivedAt = in.readLong();
      long dueAt = in.readLong();
      Raw raw = Wire.readRaw(in);
      slots.add(new Slot(decode(feedback, Wire.readBytes(in)), raw, arrivedAt, dueAt, status));
    }
    return new JoinState(served, slots);
  }

  private static Raw positionOnly(Raw raw) {
    return new Raw(raw.source(), raw.timestamp(), null, null);
  }

  private static <T extends SpecificRecord> T decode(AvroCodec<T> codec, byte[] bytes)
      throws IOException {
    try {
      return codec.decode(bytes);
    } catch (MalformedRecordException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
