package dev.tidemill.model.program;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Packs a program's source into the archive that libtorch loads: a zip of stored entries with
/// the source, a pickled object that carries the attributes, and no weights.
final class ProgramArchive {
  private static final String PROTOCOL_2 = "\u0080\u0002";

  private ProgramArchive() {}

  /// @param className name of the class in the source
  /// @param attributes what the source declares beside `training`: Integer, Double or Boolean
  static byte[] pack(String source, String className, Map<String, Object> attributes) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "m/data.pkl", pickle(className, attributes));
      store(zip, "m/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      store(zip, "m/constants.pkl", (PROTOCOL_2 + ").").getBytes(StandardCharsets.ISO_8859_1));
      // The first version in which gelu takes the name of its approximation.
      store(zip, "m/version", "10\n".getBytes(StandardCharsets.US_ASCII));
      store(zip, "m/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  /// The parts of a source, one after the other.
  static String source(List<String> resources) {
    return resources.stream().map(ProgramArchive::source).collect(Collectors.joining("\n"));
  }

  private static String source(String resource) {
    try (InputStream in = ProgramArchive.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("The program " + resource + " is missing from the jar.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /// `__torch__.<className>.__new__(); obj.__setstate__(attributes)` in pickle's opcodes.
  private static byte[] pickle(String className, Map<String, Object> attributes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ascii(out, PROTOCOL_2 + "c__torch__\n" + className + "\n)\u0081}(");
    key(out, "training");
    out.write(0x88);
    attributes.forEach(
        (name, value) -> {
          key(out, name);
          value(out, value);
        });
    ascii(out, "ub.");
    return out.toByteArray();
  }

  private static void key(ByteArrayOutputStream out, String name) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.writeBytes(littleEndian(utf8.length));
    out.writeBytes(utf8);
  }

  private static void value(ByteArrayOutputStream out, Object value) {
    switch (value) {
      case Integer number -> {
        out.write('J');
        out.writeBytes(littleEndian(number));
      }
      case Double number -> {
        out.write('G');
        out.writeBytes(ByteBuffer.allocate(8).putDouble(number).array());
      }
      case Boolean flag -> out.write(flag ? 0x88 : 0x89);
      default -> throw new IllegalArgumentException("A program attribute cannot be " + value + ".");
    }
  }

  private static byte[] littleEndian(int value) {
    return ByteBuffer.allocate(4).putInt(Integer.reverseBytes(value)).array();
  }

  private static void ascii(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
