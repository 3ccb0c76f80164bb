package dev.tidemill.curator.io;

import dev.tidemill.curator.domain.Raw;
import dev.tidemill.events.SourcePosition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/// Wire forms of what only the curator reads: its state and its repartition topics. Each begins
/// with a byte that says which form it is, so that an update can still read what is there.
final class Wire {
  private static final int FORM = 1;

  private Wire() {}

  interface Writer<T> {
    void write(T value, DataOutputStream out) throws IOException;
  }

  interface Reader<T> {
    T read(DataInputStream in) throws IOException;
  }

  /// A serde of this writer and reader. Bytes that cannot be read are a fault of ours and stop the
  /// service: nobody else writes them.
  static <T> Serde<T> serde(String what, Writer<T> writer, Reader<T> reader) {
    Serializer<T> serializer =
        (topic, value) -> {
          if (value == null) {
            return null;
          }
          ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
          try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORM);
            writer.write(value, out);
          } catch (IOException e) {
            throw new UncheckedIOException(what + " cannot be written to memory", e);
          }
          return bytes.toByteArray();
        };
    Deserializer<T> deserializer =
        (topic, bytes) -> {
          if (bytes == null) {
            return null;
          }
          try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int form = in.readUnsignedByte();
            if (form != FORM) {
              throw new SerializationException(what + " of form " + form + " in " + topic);
            }
            return reader.read(in);
          } catch (IOException e) {
            throw new SerializationException(what + " in " + topic + " cannot be read", e);
          }
        };
    return Serdes.serdeFrom(serializer, deserializer);
  }

  static void writeRaw(Raw raw, DataOutputStream out) throws IOException {
    out.writeUTF(raw.source().getTopic());
    out.writeInt(raw.source().getPartition());
    out.writeLong(raw.source().getOffset());
    out.writeLong(raw.timestamp());
    writeBuffer(raw.key(), out);
    writeBuffer(raw.payload(), out);
  }

  static Raw readRaw(DataInputStream in) throws IOException {
    SourcePosition source = new SourcePosition(in.readUTF(), in.readInt(), in.readLong());
    return new Raw(source, in.readLong(), readBuffer(in), readBuffer(in));
  }

  static void writeBytes(byte[] bytes, DataOutputStream out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static byte[] readBytes(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static void writeBuffer(@Nullable ByteBuffer buffer, DataOutputStream out)
      throws IOException {
    out.writeBoolean(buffer != null);
    if (buffer != null) {
      writeBytes(bytes(buffer), out);
    }
  }

  private static @Nullable ByteBuffer readBuffer(DataInputStream in) throws IOException {
    return in.readBoolean() ? ByteBuffer.wrap(readBytes(in)) : null;
  }
}
