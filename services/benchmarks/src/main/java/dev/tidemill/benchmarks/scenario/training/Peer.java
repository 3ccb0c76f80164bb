package dev.tidemill.benchmarks.scenario.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemill.model.train.PreferencePair;
import dev.tidemill.model.train.TrainingExample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// The Python side: `peers/train_peer.py` as a process with the same weights, data, threads and
/// allocator.
///
/// @param python an interpreter that has what `peers/requirements.txt` asks for
/// @param script where `train_peer.py` is
/// @param work where weights and data are
public record Peer(Path python, Path script, Path work, int threads) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// What a run came to.
  public record Result(
      double seconds, long tokens, double setup, double before, double after, double peakMib) {
    public double tokensPerSecond() {
      return tokens / seconds;
    }
  }

  /// The data of a kind of run, to be filled and given to [#write].
  public static ObjectNode data(
      int warm, int batch, int positions, double learningRate, List<TrainingExample> held) {
    ObjectNode json = JSON.createObjectNode();
    json.put("warm", warm);
    json.put("batch", batch);
    json.put("positions", positions);
    json.put("learning_rate", learningRate);
    held.forEach(example -> example(json.withArrayProperty("held").addObject(), example));
    return json;
  }

  /// Tokens, and where they are labelled.
  public static void example(ObjectNode json, TrainingExample example) {
    ints(json.putArray("input_ids"), example.tokens(), 0, example.tokens().length);
    ArrayNode mask = json.putArray("completion_mask");
    for (boolean labelled : example.labelled()) {
      mask.add(labelled ? 1 : 0);
    }
  }

  /// The prompt that both answers of a pair begin with, and what follows it.
  public static void pair(ObjectNode json, PreferencePair pair) {
    int[] chosen = pair.chosen().tokens();
    int[] rejected = pair.rejected().tokens();
    int prompt = 0;
    while (!pair.chosen().labelled()[prompt]) {
      prompt++;
    }
    ints(json.putArray("prompt_ids"), chosen, 0, prompt);
    ints(json.putArray("chosen_ids"), chosen, prompt, chosen.length);
    ints(json.putArray("rejected_ids"), rejected, prompt, rejected.length);
  }

  public static void ints(ArrayNode list, int[] tokens, int from, int to) {
    for (int i = from; i < to; i++) {
      list.add(tokens[i]);
    }
  }

  public void write(String kind, ObjectNode data) throws IOException {
    JSON.writeValue(work.resolve(kind + ".json").toFile(), data);
  }

  /// Trains with the peer in this mode.
  ///
  /// @throws IOException when the process fails; what it printed is in the message
  public Result run(String mode) throws IOException {
    Process process =
        new ProcessBuilder(
                python.toString(),
                script.toString(),
                mode,
                work.toString(),
                "--threads",
                Integer.toString(threads))
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException("The peer " + mode + " failed: " + printed);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("The peer " + mode + " was interrupted.", interrupted);
    }
    String last = printed.strip();
    JsonNode json = JSON.readTree(last.substring(last.lastIndexOf('\n') + 1));
    return new Result(
        json.path("seconds").asDouble(),
        json.path("tokens").asLong(),
        json.path("setup").asDouble(),
        json.path("before").asDouble(),
        json.path("after").asDouble(),
        json.path("peak_mib").asDouble());
  }
}
