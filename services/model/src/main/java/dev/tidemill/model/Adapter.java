package dev.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a [TuningMethod] made of one exact base, immutable, in the two files that PEFT writes. It
/// is checked when it is loaded: every tensor fits the base and every value is finite. Memory is
/// given back when it is closed and the last decoding that started with it has ended.
public final class Adapter implements AutoCloseable {
  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  private final TuningMethod method;
  private final DecoderConfig base;
  private final TensorMap weights;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Adapter(TuningMethod method, DecoderConfig base, Collection<Tensor> tensors) {
    this.method = method;
    this.base = base;
    this.weights = new TensorMap("a", tensors, method.scalars());
  }

  /// Loads `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// @throws AdapterFormatException naming the file and tensor or key when the adapter is damaged
  ///     or does not fit the base
  public static Adapter load(Path folder, DecoderConfig base) {
    return checked(
        () -> {
          TuningMethod method = readMethod(folder.resolve(CONFIG), base);
          // The file is mapped only as long as it is copied.
          try (Arena arena = Arena.ofConfined()) {
            return new Adapter(
                method, base, readTensors(folder.resolve(WEIGHTS), arena, method, base));
          }
        });
  }

  /// A fresh adapter, as training starts from.
  public static Adapter initialise(TuningMethod method, BaseModel base, long seed) {
    TuningMethod fitting = method.on(base.config());
    fitting.shapes(base.config());
    return new Adapter(fitting, base.config(), fitting.fresh(base, seed));
  }

  /// A fresh low-rank adapter, which changes nothing yet: A is random, B is zero.
  public static Adapter initialise(LoraConfig method, DecoderConfig base, long seed) {
    LoraConfig fitting = method.on(base);
    return new Adapter(fitting, base, fitting.fresh(base, seed));
  }

  /// Writes the two files, the same bytes for the same adapter.
  public void save(Path folder) {
    write(folder, method, base, tensors());
  }

  public TuningMethod method() {
    return method;
  }

  /// Size in native memory.
  public long bytes() {
    return weights.values() * Float.BYTES;
  }

  /// The method of the adapter in a folder.
  ///
  /// @throws AdapterFormatException naming the key when the configuration cannot be used
  public static TuningMethod methodOf(Path folder, DecoderConfig base) {
    return checked(() -> readMethod(folder.resolve(CONFIG), base));
  }

  /// Size in native memory that the adapter of a folder would have, by what its configuration says:
  /// [#load] refuses tensors of other shapes.
  ///
  /// @throws AdapterFormatException naming the key when the configuration cannot be used
  public static long bytesOf(Path folder, DecoderConfig base) {
    return methodOf(folder, base).parameters(base) * Float.BYTES;
  }

  /// For this module only: the tensors in native memory.
  public TensorMap weights() {
    return weights;
  }

  /// For this module only: the tensors, outside native memory.
  public List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    weights.arrays().forEach((name, array) -> tensors.add(TensorMap.toTensor(name, array)));
    return tensors;
  }

  /// For this module only: writes an adapter from its tensors.
  public static void write(
      Path folder, TuningMethod method, DecoderConfig base, Collection<Tensor> tensors) {
    try {
      Files.createDirectories(folder);
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing the adapter " + folder + " failed.", unwritable);
    }
    JsonFile.write(folder.resolve(CONFIG), json(method, base));
    Safetensors.write(
        folder.resolve(WEIGHTS),
        tensors.stream()
            .map(
                tensor ->
                    (method.turned(tensor.name(), base) ? tensor.transposed() : tensor)
                        .named(method.fileName(tensor.name(), base)))
            .toList());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      weights.release();
    }
  }

  private static TuningMethod readMethod(Path file, DecoderConfig base) {
    JsonFile json = JsonFile.read(file);
    try {
      return TuningMethods.read(json, base);
    } catch (IllegalArgumentException impossible) {
      throw new AdapterFormatException(
          file + " is not usable: " + impossible.getMessage(), impossible);
    }
  }

  private static List<Tensor> readTensors(
      Path file, Arena arena, TuningMethod method, DecoderConfig base) {
    SortedMap<String, Tensor> found = Safetensors.read(file, arena);
    List<Tensor> tensors = new ArrayList<>();
    method
        .shapes(base)
        .forEach(
            (name, shape) -> {
              boolean turned = method.turned(name, base);
              Tensor tensor = found.remove(method.fileName(name, base));
              if (tensor == null) {
                throw new AdapterFormatException(
                    "The tensor %s is missing from %s."
                        .formatted(method.fileName(name, base), file));
              }
              @Nullable String fault =
                  tensor.fault(file, "the base", turned ? new int[] {shape[1], shape[0]} : shape);
              if (fault != null) {
                throw new AdapterFormatException(fault);
              }
              tensors.add((turned ? tensor.transposed() : tensor).named(name));
            });
    if (!found.isEmpty()) {
      throw new AdapterFormatException(
          "The tensor " + found.firstKey() + " in " + file + " does not belong to this adapter.");
    }
    return tensors;
  }

  private static <T> T checked(Supplier<T> read) {
    try {
      return read.get();
    } catch (AdapterFormatException exact) {
      throw exact;
    } catch (ModelFormatException damaged) {
      throw new AdapterFormatException(String.valueOf(damaged.getMessage()), damaged);
    }
  }

  private static ObjectNode json(TuningMethod method, DecoderConfig base) {
    ObjectNode json = JsonFile.newObject();
    json.put("peft_type", method.peftType());
    method.write(json, base);
    SortedMap<String, JsonNode> byName = new TreeMap<>();
    json.properties().forEach(entry -> byName.put(entry.getKey(), entry.getValue()));
    ObjectNode sorted = JsonFile.newObject();
    sorted.setAll(byName);
    return sorted;
  }
}
