package dev.tidemill.benchmarks.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// Transformers' `generate` on the same base, in a process of its own with the same allocator: the
/// environment is passed on.
final class TransformersPeer {
  private static final Path SCRIPT = Path.of("services/benchmarks/peers/decode_transformers.py");

  private TransformersPeer() {}

  static double tokensPerSecond(
      String python, Path base, int batch, int prompt, int tokens, int threads)
      throws IOException, InterruptedException {
    List<String> command =
        List.of(
            python,
            SCRIPT.toString(),
            base.toString(),
            Integer.toString(batch),
            Integer.toString(prompt),
            Integer.toString(tokens),
            Integer.toString(threads));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    double figure = Double.NaN;
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("tokens/s ")) {
          figure = Double.parseDouble(line.substring("tokens/s ".length()));
        }
      }
    }
    int code = process.waitFor();
    if (code != 0 || Double.isNaN(figure)) {
      throw new IOException(String.join(" ", command) + " ended with " + code + " and no figure");
    }
    return figure;
  }
}
