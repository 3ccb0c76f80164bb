package dev.tidemill.model;

/// What the matrices of a base are in memory. Norms and biases are fp32 always: they are small.
public enum WeightFormat {
  /// bf16 when every matrix of the files is bf16, otherwise fp32: no bit is lost. So memory is what
  /// the files take, but for fp16, which takes twice that; [#BF16] takes the same for three bits of
  /// its precision.
  AS_STORED,

  FP32,

  /// Half the memory and half the reading. Computed with, too: slow where the processor does not
  /// multiply bf16.
  BF16,

  /// For serving alone ([BaseModel#loadToServe]): the matrices of linears rounded to 8 bits, each
  /// output with a scale of its own, and the inputs of each token with theirs; everything else as
  /// with [#BF16].
  INT8
}
