package dev.tidemill.benchmarks.scenario.serving;

import dev.tidemill.model.DecoderConfig;
import picocli.CommandLine.Option;

/// The shape of the bases that a scenario serves, as options of its command line.
public final class Shape {
  private static final int HEAD = 64;
  private static final int BOS = 1;
  private static final int END = 4;

  @Option(names = "--hidden", paramLabel = "N", description = "width of the base; 128 times n")
  private int hidden = 256;

  @Option(names = "--layers", paramLabel = "N", description = "layers of the base")
  private int layers = 4;

  @Option(names = "--vocabulary", paramLabel = "N", description = "tokens of the base")
  private int vocabulary = 1_500;

  @Option(names = "--rank", paramLabel = "N", description = "of adapters, on all linears")
  private int rank = 8;

  @Option(names = "--context", paramLabel = "N", description = "longest sequence of the base")
  private int context = 512;

  int vocabulary() {
    return vocabulary;
  }

  int rank() {
    return rank;
  }

  /// @param tokens that the tokenizer has
  DecoderConfig config(int tokens) {
    int heads = hidden / HEAD;
    return new DecoderConfig(
        tokens,
        hidden,
        hidden * 3,
        layers,
        heads,
        Math.max(1, heads / 2),
        HEAD,
        1e-5,
        10_000,
        context,
        true,
        BOS,
        END);
  }
}
