package dev.tidemill.model;

import dev.tidemill.model.family.Families;
import java.util.List;
import java.util.TreeSet;

/// How a low-rank adapter is shaped, in PEFT's words.
///
/// @param rank inner dimension of every pair of matrices
/// @param alpha numerator of the scale: alpha / rank, or alpha / sqrt(rank) with `rsLora`
/// @param targetModules last names of the linears that get a pair, as the base's files call them,
///     such as `q_proj`
/// @param dropout share of a pair's inputs that is zeroed while training
/// @param rsLora rank-stabilised scaling
public record LoraConfig(
    int rank, double alpha, List<String> targetModules, double dropout, boolean rsLora) {

  /// Every linear of a decoder layer: by name for all families that call theirs as Llama does, and
  /// by meaning for the others ([#on]).
  public static final List<String> ALL_LINEARS =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  public LoraConfig {
    if (rank < 1) {
      throw new IllegalArgumentException("The LoRA rank must be at least 1, not " + rank + ".");
    }
    if (!(alpha > 0) || !Double.isFinite(alpha)) {
      throw new IllegalArgumentException("The LoRA alpha must be above 0, not " + alpha + ".");
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException(
          "The LoRA dropout must be from 0 up to but not including 1, not " + dropout + ".");
    }
    if (targetModules.isEmpty()) {
      throw new IllegalArgumentException("A LoRA adapter needs at least one target module.");
    }
    for (String target : targetModules) {
      if (!Families.linears().contains(target.substring(target.lastIndexOf('.') + 1))) {
        throw new IllegalArgumentException(
            "The LoRA target module "
                + target
                + " is a linear of no family; they are "
                + new TreeSet<>(Families.linears())
                + ".");
      }
    }
    targetModules = targetModules.stream().distinct().sorted().toList();
  }

  /// A pair on every linear, no dropout.
  public static LoraConfig allLinears(int rank, double alpha) {
    return new LoraConfig(rank, alpha, ALL_LINEARS, 0.0, false);
  }

  /// The same for a certain base: what means every linear names those of the base's family.
  public LoraConfig on(DecoderConfig base) {
    boolean all = targetModules.equals(ALL_LINEARS.stream().sorted().toList());
    return all ? new LoraConfig(rank, alpha, base.family().linears(), dropout, rsLora) : this;
  }

  /// What the product of a pair is multiplied with before it is added.
  public double scale() {
    return rsLora ? alpha / Math.sqrt(rank) : alpha / rank;
  }
}
