package dev.tidemill.model.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.JsonFile;
import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// What a trainer is between two steps, and its two files: `trainer.json` and
/// `trainer.safetensors`.
record TrainerState(
    String kind,
    long steps,
    List<Tensor> values,
    List<Tensor> moments,
    @Nullable TensorMap reference) {
  private static final String SETTINGS = "trainer.json";
  private static final String TENSORS = "trainer.safetensors";

  /// A state as it was read back.
  record Saved(
      long steps, List<Tensor> values, Map<String, Tensor> moments, List<Tensor> reference) {}

  static void write(Path folder, TrainerState state) {
    List<Tensor> tensors = new ArrayList<>(state.moments);
    state.values.forEach(value -> tensors.add(value.named("p." + value.name())));
    if (state.reference != null) {
      state
          .reference
          .arrays()
          .forEach((name, array) -> tensors.add(TensorMap.toTensor("r." + name, array)));
    }
    try {
      Files.createDirectories(folder);
    } catch (IOException unwritable) {
      throw new UncheckedIOException("Writing the state " + folder + " failed.", unwritable);
    }
    ObjectNode json = JsonFile.newObject();
    json.put("kind", state.kind);
    json.put("steps", state.steps);
    JsonFile.write(folder.resolve(SETTINGS), json);
    Safetensors.write(folder.resolve(TENSORS), tensors);
  }

  /// @param like the values of the trainer that takes the state over
  static Saved read(Path folder, String kind, List<Tensor> like, boolean withReference) {
    JsonFile json = JsonFile.read(folder.resolve(SETTINGS));
    if (!json.text("kind").equals(kind)) {
      throw json.fault("kind", "is " + json.text("kind") + ", but this trainer's is " + kind);
    }
    Path file = folder.resolve(TENSORS);
    SortedMap<String, Tensor> found = Safetensors.read(file);
    List<Tensor> values = new ArrayList<>();
    Map<String, Tensor> moments = new HashMap<>();
    List<Tensor> reference = new ArrayList<>();
    for (Tensor expected : like) {
      String name = expected.name();
      values.add(take(file, found, "p.", expected).named(name));
      moments.put("m." + name, take(file, found, "m.", expected));
      moments.put("v." + name, take(file, found, "v.", expected));
      if (withReference) {
        reference.add(take(file, found, "r.", expected).named(name));
      }
    }
    return new Saved(json.integer("steps"), values, moments, reference);
  }

  private static Tensor take(
      Path file, SortedMap<String, Tensor> found, String prefix, Tensor expected) {
    Tensor tensor = found.get(prefix + expected.name());
    if (tensor == null || !tensor.hasShape(expected.shape())) {
      throw new ModelFormatException(
          "The tensor "
              + prefix
              + expected.name()
              + " of shape "
              + Arrays.toString(expected.shape())
              + " is missing from "
              + file
              + ".");
    }
    return tensor;
  }
}
