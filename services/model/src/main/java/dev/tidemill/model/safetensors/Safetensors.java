package dev.tidemill.model.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.ModelFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/// Reads and writes safetensors files: 8 bytes header length, a JSON header, then the values.
///
/// Reading maps the file, so nothing is copied until a tensor is used; the file must not change
/// underneath. The header is not trusted: every offset is checked against dtype, shape and file
/// size. Written bytes depend on the tensors alone: names are sorted, the header padded to 8
/// bytes.
public final class Safetensors {
  private static final long LONGEST_HEADER = 100_000_000;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Safetensors() {}

  /// Maps every tensor of a file, by name, until nobody refers to one of them any more.
  ///
  /// @throws ModelFormatException naming the file and the tensor when the file is damaged
  public static SortedMap<String, Tensor> read(Path file) {
    return read(file, Arena.ofAuto());
  }

  /// Maps every tensor of a file, by name, until the arena is closed.
  ///
  /// @throws ModelFormatException naming the file and the tensor when the file is damaged
  public static SortedMap<String, Tensor> read(Path file, Arena arena) {
    SortedMap<String, StoredTensor> stored = index(file, name -> true);
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      stored.forEach((name, tensor) -> tensors.put(name, tensor.in(all)));
      return tensors;
    } catch (IOException unreadable) {
      throw new UncheckedIOException("Reading " + file + " failed.", unreadable);
    }
  }

  /// Where the tensors of a file lie that are wanted by name, of which nothing is mapped yet.
  ///
  /// @throws ModelFormatException naming the file and the tensor when the file is damaged
  public static SortedMap<String, StoredTensor> index(Path file, Predicate<String> wanted) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw fault(file, "is shorter than a safetensors header");
      }
      long headerLength = readFully(channel, 0, 8).getLong();
      if (headerLength < 2 || headerLength > LONGEST_HEADER || headerLength > size - 8) {
        throw fault(file, "announces a header of " + headerLength + " bytes, which it cannot hold");
      }
      ByteBuffer header = readFully(channel, 8, (int) headerLength);
      SortedMap<String, StoredTensor> tensors = new TreeMap<>();
      long start = 8 + headerLength;
      for (Map.Entry<String, JsonNode> entry : header(file, header).properties()) {
        if (!entry.getKey().equals("__metadata__") && wanted.test(entry.getKey())) {
          StoredTensor tensor = tensor(file, start, size - start, entry);
          tensors.put(tensor.name(), tensor);
        }
      }
      return tensors;
    } catch (NoSuchFileException missing) {
      throw new ModelFormatException(file + " does not exist.", missing);
    } catch (IOException unreadable) {
      throw new UncheckedIOException("Reading " + file + " failed.", unreadable);
    }
  }

  // Copied: what is mapped stays in memory until the garbage collector comes by.
  private static ByteBuffer readFully(FileChannel channel, long start, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, start + bytes.position()) < 0) {
        throw new EOFException("the file ends too early");
      }
    }
    return bytes.flip();
  }

  /// Writes tensors as they are, by name.
  public static void write(Path file, Collection<Tensor> tensors) {
    write(file, tensors, Map.of("format", "pt"));
  }

  /// Writes tensors as they are, by name, with metadata.
  public static void write(Path file, Collection<Tensor> tensors, Map<String, String> metadata) {
    SortedMap<String, Tensor> sorted = new TreeMap<>();
    for (Tensor tensor : tensors) {
      if (sorted.put(tensor.name(), tensor) != null) {
        throw new IllegalArgumentException("Two tensors are called " + tensor.name() + ".");
      }
    }
    ObjectNode header = MAPPER.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode node = header.putObject("__metadata__");
      new TreeMap<>(metadata).forEach(node::put);
    }
    long offset = 0;
    for (Tensor tensor : sorted.values()) {
      ObjectNode node = header.putObject(tensor.name());
      node.put("dtype", tensor.dtype().name());
      for (int size : tensor.shape()) {
        node.withArray("shape").add(size);
      }
      node.withArray("shape");
      long end = offset + tensor.bytes().remaining();
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) / 8 * 8;
    ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(padded).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      writeAll(channel, head.flip());
      for (Tensor tensor : sorted.values()) {
        writeAll(channel, tensor.bytes());
      }
      channel.force(true);
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing " + file + " failed.", unwritable);
    }
  }

  /// The same values in bf16, rounded to nearest even; what is not finite stays so.
  public static List<Tensor> toBf16(Collection<Tensor> tensors) {
    return tensors.stream().map(Safetensors::toBf16).toList();
  }

  private static Tensor toBf16(Tensor tensor) {
    float[] values = tensor.toFloats();
    ByteBuffer bytes = ByteBuffer.allocateDirect(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      int bits = Float.floatToRawIntBits(values[i]);
      int rounded = Float.isNaN(values[i]) ? bits | 0x400000 : bits + 0x7fff + ((bits >>> 16) & 1);
      bytes.putShort(i * 2, (short) (rounded >>> 16));
    }
    return new Tensor(tensor.name(), Dtype.BF16, tensor.shape(), bytes);
  }

  private static JsonNode header(Path file, ByteBuffer header) {
    byte[] json = new byte[header.remaining()];
    header.get(json);
    try {
      JsonNode root = MAPPER.readTree(json);
      if (root == null || !root.isObject()) {
        throw fault(file, "has a header that is not a JSON object");
      }
      return root;
    } catch (JsonProcessingException damaged) {
      throw new ModelFormatException(file + " has a header that is not JSON.", damaged);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static StoredTensor tensor(
      Path file, long start, long room, Map.Entry<String, JsonNode> entry) {
    String name = entry.getKey();
    JsonNode node = entry.getValue();
    Dtype dtype = dtype(file, name, node.path("dtype").asText());
    JsonNode sizes = node.path("shape");
    JsonNode offsets = node.path("data_offsets");
    if (!sizes.isArray() || !offsets.isArray() || offsets.size() != 2) {
      throw fault(file, name, "lacks a shape or its two data offsets");
    }
    int[] shape = new int[sizes.size()];
    long expected = dtype.bytes();
    for (int i = 0; i < shape.length; i++) {
      JsonNode size = sizes.get(i);
      if (!size.isIntegralNumber() || !size.canConvertToInt() || size.intValue() < 0) {
        throw fault(file, name, "has a shape that is not made of whole numbers");
      }
      shape[i] = size.intValue();
      expected = saturatedProduct(expected, shape[i]);
    }
    long begin = offsets.get(0).asLong(-1);
    long end = offsets.get(1).asLong(-1);
    if (begin < 0 || end < begin || end > room) {
      throw fault(file, name, "lies outside the file");
    }
    if (end - begin != expected) {
      throw fault(file, name, "has " + (end - begin) + " bytes where its shape needs " + expected);
    }
    if (expected > Integer.MAX_VALUE) {
      throw fault(file, name, "is larger than 2 GiB, which is not supported");
    }
    return new StoredTensor(file, name, dtype, shape, start + begin);
  }

  private static Dtype dtype(Path file, String name, String dtype) {
    for (Dtype known : Dtype.values()) {
      if (known.name().equals(dtype)) {
        return known;
      }
    }
    throw fault(file, name, "has the dtype " + dtype + ", but F32, F16 and BF16 are supported");
  }

  private static long saturatedProduct(long a, long b) {
    return b != 0 && a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static ModelFormatException fault(Path file, String what) {
    return new ModelFormatException(file + " " + what + ".");
  }

  private static ModelFormatException fault(Path file, String tensor, String what) {
    return new ModelFormatException("The tensor " + tensor + " in " + file + " " + what + ".");
  }
}
