package dev.tidemill.model.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemill.model.ModelFormatException;
import dev.tidemill.model.TinyModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void place() {
    file = folder.resolve("t.safetensors");
  }

  @Test
  void whatIsWrittenIsReadBack() {
    Tensor scalar = Tensor.ofFloats("scalar", new int[] {}, 3f);
    Tensor matrix = Tensor.ofFloats("matrix", new int[] {2, 3}, 1, -2, 3, -4.5f, 1e-30f, 6);
    Tensor empty = Tensor.ofFloats("empty", new int[] {0, 4});
    Safetensors.write(file, List.of(scalar, matrix, empty));
    Map<String, Tensor> read = Safetensors.read(file);
    assertThat(read.keySet()).containsExactly("empty", "matrix", "scalar");
    assertThat(TinyModel.tensor(read, "matrix").shape()).containsExactly(2, 3);
    assertThat(TinyModel.tensor(read, "matrix").toFloats()).containsExactly(matrix.toFloats());
    assertThat(TinyModel.tensor(read, "scalar").toFloats()).containsExactly(3f);
    assertThat(TinyModel.tensor(read, "empty").size()).isZero();
  }

  @Test
  void theSameTensorsGiveTheSameBytesInAnyOrder() throws IOException {
    Tensor a = Tensor.ofFloats("a", new int[] {1}, 1);
    Tensor b = Tensor.ofFloats("b", new int[] {1}, 2);
    Safetensors.write(file, List.of(a, b));
    Path other = folder.resolve("other.safetensors");
    Safetensors.write(other, List.of(b, a));
    assertThat(Files.readAllBytes(file)).isEqualTo(Files.readAllBytes(other));
  }

  @Test
  void bf16RoundsToNearestEven() {
    float[] values = {1f, 1.0039062f, 1.0117188f, -3.1415927f, Float.POSITIVE_INFINITY, 0f};
    Safetensors.write(
        file, Safetensors.toBf16(List.of(Tensor.ofFloats("x", new int[] {6}, values))));
    Tensor read = TinyModel.tensor(Safetensors.read(file), "x");
    assertThat(read.dtype()).isEqualTo(Dtype.BF16);
    assertThat(read.toFloats())
        .containsExactly(1f, 1f, 1.015625f, -3.140625f, Float.POSITIVE_INFINITY, 0f);
    assertThat(read.isFinite()).isFalse();
  }

  @Test
  void fp16IsRead() throws IOException {
    ByteBuffer values = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    values.putShort(Float.floatToFloat16(0.5f)).putShort(Float.floatToFloat16(-2.25f));
    write("{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", values.array());
    assertThat(TinyModel.tensor(Safetensors.read(file), "h").toFloats())
        .containsExactly(0.5f, -2.25f);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,0]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-4,4]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,4],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}",
        "{\"x\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
        "{\"x\":7}",
      })
  void aDamagedTensorIsNamed(String header) throws IOException {
    write(header, new byte[8]);
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageStartingWith("The tensor x in " + file);
  }

  @Test
  void aDamagedHeaderIsNamed() throws IOException {
    for (byte[] bytes :
        List.of(
            new byte[3],
            ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 50).array(),
            ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(-1).array(),
            ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(8).array())) {
      Files.write(file, bytes);
      assertThatThrownBy(() -> Safetensors.read(file))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageStartingWith(file.toString());
    }
    assertThatThrownBy(() -> Safetensors.read(folder.resolve("none")))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageEndingWith("none does not exist.");
  }

  @Test
  void noCutAndNoFlippedByteDoesMoreThanARefusal() throws IOException {
    Safetensors.write(
        file,
        List.of(
            Tensor.ofFloats("a", new int[] {2, 2}, 1, 2, 3, 4),
            Tensor.ofFloats("b", new int[] {3}, 5, 6, 7)));
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(7);
    int refused = 0;
    for (int round = 0; round < 300; round++) {
      byte[] damaged = whole.clone();
      if (round % 3 == 0) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
      } else {
        damaged[random.nextInt(whole.length - 28)] = (byte) random.nextInt(256);
      }
      Path cut = folder.resolve("damaged-" + round);
      Files.write(cut, damaged);
      try {
        Safetensors.read(cut).values().forEach(Tensor::toFloats);
      } catch (ModelFormatException expected) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(150);
  }

  private void write(String header, byte[] values) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Files.write(
        file,
        ByteBuffer.allocate(8 + json.length + values.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .put(values)
            .array());
  }
}
