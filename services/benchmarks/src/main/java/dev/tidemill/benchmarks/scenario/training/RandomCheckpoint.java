package dev.tidemill.benchmarks.scenario.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.program.DecoderShapes;
import dev.tidemill.model.tokenizer.BpeTrainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Writes a Llama of random bf16 weights, however large, without ever holding it.
public final class RandomCheckpoint {
  private static final int PIECE = 1 << 20;
  private static final double DEVIATION = 0.02;

  private RandomCheckpoint() {}

  /// Writes the folder, and says how many bytes its file of weights has.
  public static long write(Path folder, DecoderConfig config, List<String> texts, long seed)
      throws IOException {
    Files.createDirectories(folder);
    config.write(folder.resolve("config.json"));
    BpeTrainer.train(texts, 4096, BpeTrainer.CHAT_TOKENS, folder.resolve("tokenizer.json"));
    BpeTrainer.writeConfig(folder.resolve("tokenizer_config.json"));
    Map<String, int[]> shapes = DecoderShapes.weights(config);
    Path file = folder.resolve("model.safetensors");
    byte[] header = header(shapes);
    SplittableRandom random = new SplittableRandom(seed);
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      out.write(length.putLong(header.length).flip());
      out.write(ByteBuffer.wrap(header));
      ByteBuffer piece = ByteBuffer.allocateDirect(PIECE).order(ByteOrder.LITTLE_ENDIAN);
      for (int[] shape : shapes.values()) {
        for (long left = values(shape); left > 0; left -= PIECE / 2) {
          piece.clear();
          for (long i = Math.min(left, PIECE / 2); i > 0; i--) {
            piece.putShort(shape.length == 1 ? bf16(1) : bf16(random.nextDouble() - 0.5));
          }
          piece.flip();
          while (piece.hasRemaining()) {
            out.write(piece);
          }
        }
      }
    }
    return Files.size(file);
  }

  /// The upper half of the fp32 number; uniform numbers get the deviation that Transformers uses.
  private static short bf16(double value) {
    double scaled = value == 1 ? 1 : value * Math.sqrt(12) * DEVIATION;
    return (short) (Float.floatToRawIntBits((float) scaled) >>> 16);
  }

  private static byte[] header(Map<String, int[]> shapes) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode header = json.createObjectNode();
    long at = 0;
    for (Map.Entry<String, int[]> entry : shapes.entrySet()) {
      ObjectNode tensor = header.putObject(entry.getKey());
      tensor.put("dtype", "BF16");
      for (int side : entry.getValue()) {
        tensor.withArrayProperty("shape").add(side);
      }
      long end = at + 2 * values(entry.getValue());
      tensor.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    return json.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
  }

  private static long values(int[] shape) {
    long values = 1;
    for (int side : shape) {
      values *= side;
    }
    return values;
  }
}
