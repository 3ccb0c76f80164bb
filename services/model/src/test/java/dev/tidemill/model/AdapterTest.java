package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AdapterTest {
  private static final DecoderConfig BASE = TinyModel.config(true);
  private static final LoraConfig LORA =
      new LoraConfig(4, 8, List.of("q_proj", "down_proj"), 0.05, true);
  private static final String PREFIX = "base_model.model.model.layers.";

  @TempDir Path folder;

  @Test
  void isSavedUnderPeftsNamesAndComesBackTheSame() throws IOException {
    try (Adapter adapter = Adapter.initialise(LORA, BASE, 5)) {
      adapter.save(folder.resolve("one"));
      try (Adapter again = Adapter.load(folder.resolve("one"), BASE)) {
        assertThat(again.method()).isEqualTo(LORA);
        assertThat(Adapter.bytesOf(folder.resolve("one"), BASE)).isEqualTo(again.bytes());
        again.save(folder.resolve("two"));
      }
    }
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      assertThat(Files.readAllBytes(folder.resolve("two").resolve(file)))
          .isEqualTo(Files.readAllBytes(folder.resolve("one").resolve(file)));
    }
    assertThat(Safetensors.read(folder.resolve("one/adapter_model.safetensors")).keySet())
        .containsExactly(
            PREFIX + "0.mlp.down_proj.lora_A.weight",
            PREFIX + "0.mlp.down_proj.lora_B.weight",
            PREFIX + "0.self_attn.q_proj.lora_A.weight",
            PREFIX + "0.self_attn.q_proj.lora_B.weight",
            PREFIX + "1.mlp.down_proj.lora_A.weight",
            PREFIX + "1.mlp.down_proj.lora_B.weight",
            PREFIX + "1.self_attn.q_proj.lora_A.weight",
            PREFIX + "1.self_attn.q_proj.lora_B.weight");
    assertThat(Files.readString(folder.resolve("one/adapter_config.json")))
        .contains("\"peft_type\" : \"LORA\"", "\"r\" : 4", "\"use_rslora\" : true");
  }

  /// Else the pages of one adapter after the other would count until the garbage collector comes.
  @Test
  @EnabledOnOs(OS.LINUX)
  void itsFileIsMappedOnlyWhileItIsLoaded() throws IOException {
    Path saved = folder.resolve("mapped");
    try (Adapter adapter = Adapter.initialise(LORA, BASE, 5)) {
      adapter.save(saved);
    }
    try (Adapter adapter = Adapter.load(saved, BASE)) {
      assertThat(adapter.bytes()).isPositive();
      assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain(saved.toString());
    }
    var kept = Safetensors.read(saved.resolve("adapter_model.safetensors"));
    assertThat(Files.readString(Path.of("/proc/self/maps"))).contains(saved.toString());
    assertThat(kept).isNotEmpty();
  }

  /// What PEFT says by layers is said by whole names here, which PEFT reads too.
  @Test
  void layersToTransformAreFollowed() throws IOException {
    LoraConfig second = new LoraConfig(4, 8, List.of("model.layers.1.mlp.up_proj"), 0, false);
    try (Adapter adapter = Adapter.initialise(second, BASE, 5)) {
      adapter.save(folder.resolve("a"));
    }
    Path config = folder.resolve("a/adapter_config.json");
    String written = Files.readString(config);
    Files.writeString(
        config,
        written.replace(
            "[ \"model.layers.1.mlp.up_proj\" ]",
            "[ \"up_proj\" ], \"layers_to_transform\" : [ 1 ]"));
    assertThat(Files.readString(config)).contains("layers_to_transform");
    try (Adapter adapter = Adapter.load(folder.resolve("a"), BASE)) {
      assertThat(adapter.method()).isEqualTo(second);
    }
  }

  @Test
  void theScaleIsPefts() {
    assertThat(LoraConfig.allLinears(8, 16).scale()).isEqualTo(2.0);
    assertThat(LORA.scale()).isEqualTo(4.0);
  }

  @Test
  void aTensorThatIsMissingForeignMisshapenOrNotFiniteIsNamed() {
    List<Tensor> good = tensors();
    String name = good.getFirst().name();
    refused(good.subList(1, good.size()), name, "missing");
    List<Tensor> foreign = new ArrayList<>(good);
    foreign.add(Tensor.ofFloats("base_model.model.extra", new int[] {1}, 1));
    refused(foreign, "base_model.model.extra", "does not belong");
    refused(with(Tensor.ofFloats(name, new int[] {1, 64}, new float[64])), name, "[4, 64]");
    float[] bad = good.getFirst().toFloats();
    bad[17] = Float.NaN;
    refused(with(Tensor.ofFloats(name, good.getFirst().shape(), bad)), name, "not finite");
  }

  @Test
  void aConfigurationThatIsNotFollowedIsRefusedByKey() throws IOException {
    tensors();
    Path config = folder.resolve("a/adapter_config.json");
    String good = Files.readString(config);
    for (String[] change :
        new String[][] {
          {"\"LORA\"", "\"IA3\"", "peft_type"},
          {"\"use_dora\" : false", "\"use_dora\" : true", "use_dora"},
          {"\"bias\" : \"none\"", "\"bias\" : \"all\"", "bias"},
          {"\"r\" : 4", "\"rank\" : 4", "The key r "},
          {"\"q_proj\"", "\"w_proj\"", "w_proj"},
        }) {
      Files.writeString(config, good.replace(change[0], change[1]));
      assertThatThrownBy(() -> Adapter.load(folder.resolve("a"), BASE))
          .isInstanceOf(AdapterFormatException.class)
          .hasMessageContaining("adapter_config.json")
          .hasMessageContaining(change[2]);
    }
  }

  @Test
  void memoryIsKeptForUsersAndThenGivenBack() {
    long before = Engine.memory().liveTensors();
    Adapter adapter = Adapter.initialise(LORA, BASE, 5);
    adapter.weights().acquire();
    adapter.close();
    adapter.close();
    assertThat(Engine.memory().liveTensors()).isGreaterThan(before);
    adapter.weights().release();
    assertThat(Engine.memory().liveTensors()).isEqualTo(before);
    assertThatThrownBy(() -> adapter.weights().acquire()).isInstanceOf(IllegalStateException.class);
  }

  private List<Tensor> tensors() {
    try (Adapter adapter = Adapter.initialise(LORA, BASE, 5)) {
      adapter.save(folder.resolve("a"));
    }
    return new ArrayList<>(
        Safetensors.read(folder.resolve("a/adapter_model.safetensors")).values());
  }

  private List<Tensor> with(Tensor changed) {
    List<Tensor> tensors = tensors();
    tensors.set(0, changed);
    return tensors;
  }

  private void refused(List<Tensor> tensors, String tensor, String why) {
    Path file = folder.resolve("a/adapter_model.safetensors");
    Path fresh = folder.resolve("fresh.safetensors");
    Safetensors.write(fresh, tensors);
    try {
      Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException unmovable) {
      throw new UncheckedIOException(unmovable);
    }
    assertThatThrownBy(() -> Adapter.load(folder.resolve("a"), BASE))
        .isInstanceOf(AdapterFormatException.class)
        .hasMessageContaining(tensor)
        .hasMessageContaining(why)
        .hasMessageContaining("adapter_model.safetensors");
  }
}
