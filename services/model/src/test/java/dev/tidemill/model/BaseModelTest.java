package dev.tidemill.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.safetensors.Safetensors;
import dev.tidemill.model.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseModelTest {
  @TempDir Path folder;

  @Test
  void aConfigurationComesBackTheSame() {
    for (boolean tied : new boolean[] {true, false}) {
      DecoderConfig config = TinyModel.config(tied);
      config.write(folder.resolve("config.json"));
      assertThat(DecoderConfig.read(folder.resolve("config.json"))).isEqualTo(config);
    }
  }

  @Test
  void aConfigurationOfAnotherKindIsRefusedByFileAndKey() throws IOException {
    Path file = folder.resolve("config.json");
    TinyModel.config(true).write(file);
    String good = Files.readString(file);
    for (String[] change :
        new String[][] {
          {"\"llama\"", "\"mamba\"", "model_type"},
          {"\"hidden_size\"", "\"hidden_width\"", "hidden_size"},
          {"\"hidden_size\" : 32", "\"hidden_size\" : \"32\"", "hidden_size"},
          {"\"mlp_bias\" : false", "\"mlp_bias\" : 1", "mlp_bias"},
          {"\"silu\"", "\"gelu\"", "hidden_act"},
          {"\"num_key_value_heads\" : 2", "\"num_key_value_heads\" : 3", "multiple of kvHeads"},
        }) {
      Files.writeString(file, good.replace(change[0], change[1]));
      assertThatThrownBy(() -> DecoderConfig.read(file))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("config.json")
          .hasMessageContaining(change[2]);
    }
  }

  @Test
  void theSameSeedGivesTheSameFolder() throws IOException {
    Path tokenizer = TinyModel.tokenizer(folder);
    for (String name : List.of("one", "two")) {
      BaseModel.initialise(folder.resolve(name), TinyModel.config(false), tokenizer, 9);
    }
    for (String file :
        List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
      assertThat(Files.readAllBytes(folder.resolve("two").resolve(file)))
          .isEqualTo(Files.readAllBytes(folder.resolve("one").resolve(file)));
    }
  }

  @Test
  void aBaseGivesItsMemoryBack() {
    long before = Engine.memory().liveTensors();
    try (BaseModel base = TinyModel.load(folder, false, 9)) {
      assertThat(base.parameters()).isEqualTo(2 * 320 * 32 + 32 + 2 * 9280);
      assertThat(base.bytes()).isEqualTo(base.parameters() * 4);
      assertThat(Engine.memory().liveTensors()).isGreaterThan(before);
    }
    assertThat(Engine.memory().liveTensors()).isEqualTo(before);
  }

  @Test
  void aLoadThatIsGivenUpGivesItsMemoryBack() {
    TinyModel.load(folder, true, 9).close();
    long before = Engine.memory().liveTensors();
    AtomicInteger weights = new AtomicInteger();
    assertThatThrownBy(
            () ->
                BaseModel.loadToServe(
                    folder.resolve("base"),
                    WeightFormat.AS_STORED,
                    () -> {
                      if (weights.incrementAndGet() == 5) {
                        throw new IllegalStateException("something better");
                      }
                    }))
        .hasMessage("something better");
    assertThat(weights).hasValue(5);
    assertThat(Engine.memory().liveTensors()).isEqualTo(before);
  }

  @Test
  void aMissingOrMisshapenTensorIsNamed() {
    TinyModel.load(folder, true, 9).close();
    Path file = folder.resolve("base/model.safetensors");
    List<Tensor> tensors = new ArrayList<>(Safetensors.read(file).values());
    Tensor removed = tensors.removeFirst();
    Path damaged = folder.resolve("damaged");
    assertThatThrownBy(() -> loadWith(damaged, tensors))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(removed.name() + " is missing");
    tensors.add(Tensor.ofFloats(removed.name(), new int[] {2}, 1, 2));
    assertThatThrownBy(() -> loadWith(damaged, tensors))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(removed.name())
        .hasMessageContaining("[2]");
  }

  private BaseModel loadWith(Path target, List<Tensor> tensors) throws IOException {
    Files.createDirectories(target);
    for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
      Files.write(target.resolve(name), Files.readAllBytes(folder.resolve("base").resolve(name)));
    }
    Safetensors.write(target.resolve("model.safetensors"), tensors);
    return BaseModel.load(target);
  }
}
