package dev.tidemill.model.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.LoraConfig;
import dev.tidemill.model.PromptConfig;
import dev.tidemill.model.TuningMethod;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import dev.tidemill.model.program.TensorMap;
import dev.tidemill.model.safetensors.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Updates a copy of a base, or an adapter on a frozen base, one program call a step. Owned by
/// the platform thread that made it: every call from another thread is refused.
///
/// A checkpoint is [#saveState]: weights or adapter, optimizer moments and step count; training
/// goes on from it to the bit.
public final class Trainer implements AutoCloseable {
  private final BaseModel base;
  private final OptimizerConfig optimizer;
  private final @Nullable TuningMethod method;
  private final DecoderProgram program;
  private final Rope rope;

  /// Measures in what the weights are that it measures, whatever the steps compute in.
  private final DecoderProgram scorer;

  private final Rope scorerRope;
  private final IValue noAdapter = TensorMap.emptyDictionary();
  private Parameters parameters;

  /// Where preferences are measured from: the adapter as training began.
  private @Nullable TensorMap reference;

  private final ReferenceCache<PreferencePair> pairReferences = new ReferenceCache<>();
  private final ReferenceCache<RatedExample> ratedReferences = new ReferenceCache<>();
  private long steps;

  private Trainer(
      BaseModel base,
      OptimizerConfig optimizer,
      Precision precision,
      Activations activations,
      @Nullable TuningMethod method,
      List<Tensor> start) {
    if (activations == Activations.RECOMPUTED
        && !(method instanceof LoraConfig lora && lora.dropout() == 0)) {
      throw new IllegalArgumentException(
          "Activations are recomputed for LoRA without dropout alone, not for " + method + ".");
    }
    this.base = base;
    this.optimizer = optimizer;
    this.method = method;
    base.plainWeights().acquire();
    program =
        new DecoderProgram(
            base.config(),
            new DecoderProgram.Training(
                method == null ? 0 : method.dropout(),
                optimizer.beta1(),
                optimizer.beta2(),
                optimizer.epsilon(),
                optimizer.weightDecay(),
                optimizer.clipNorm(),
                precision == Precision.BF16,
                activations == Activations.RECOMPUTED));
    rope = new Rope(program);
    scorer =
        new DecoderProgram(
            base.config(), DecoderProgram.Training.serving(method != null && base.bf16()));
    scorerRope = new Rope(scorer);
    parameters = parameters(start, Map.of(), 0);
    reference = method == null ? null : new TensorMap("r", start, scalars());
  }

  /// Trains every weight of a copy of the base, in the fastest precision of this machine.
  public static Trainer full(BaseModel base, OptimizerConfig optimizer) {
    return full(base, optimizer, Precision.fastest());
  }

  /// Trains every weight of a copy of the base. The copy is fp32, whatever the base is.
  public static Trainer full(BaseModel base, OptimizerConfig optimizer, Precision precision) {
    return new Trainer(
        base, optimizer, precision, Activations.KEPT, null, base.plainWeights().tensors());
  }

  /// Trains a copy of an adapter, in the fastest precision of this machine; the base stays as it
  /// is.
  public static Trainer tune(BaseModel base, Adapter start, OptimizerConfig optimizer) {
    return tune(base, start, optimizer, Precision.fastest());
  }

  /// Trains a copy of an adapter; the base stays as it is.
  public static Trainer tune(
      BaseModel base, Adapter start, OptimizerConfig optimizer, Precision precision) {
    return tune(base, start, optimizer, precision, Activations.KEPT);
  }

  /// The same, saying what becomes of intermediate values.
  public static Trainer tune(
      BaseModel base,
      Adapter start,
      OptimizerConfig optimizer,
      Precision precision,
      Activations activations) {
    return new Trainer(base, optimizer, precision, activations, start.method(), start.tensors());
  }

  /// Trains a fresh adapter, initialised from the optimizer's seed.
  public static Trainer tune(BaseModel base, TuningMethod fresh, OptimizerConfig optimizer) {
    return tune(base, fresh, optimizer, Precision.fastest());
  }

  /// Trains a fresh adapter, initialised from the optimizer's seed.
  public static Trainer tune(
      BaseModel base, TuningMethod fresh, OptimizerConfig optimizer, Precision precision) {
    try (Adapter start = Adapter.initialise(fresh, base, optimizer.seed())) {
      return tune(base, start, optimizer, precision);
    }
  }

  /// One update on one batch: forward, weighted loss at the labelled tokens, gradients, clipping,
  /// AdamW. Examples are packed ([Packing]): each sees itself alone, whatever stands beside it.
  ///
  /// @throws NonFiniteLossException when loss or gradient is not finite: nothing was changed
  /// @throws IllegalArgumentException when the batch has no labelled token, an unknown token, or
  ///     an example longer than the model takes
  public StepResult step(List<TrainingExample> examples, double learningRate) {
    program.requireOwner();
    Batch batch = batch(examples);
    rope.ensure(batch.width());
    try (PtNDManager step = program.newManager()) {
      NDList inputs = inputs(step, batch, batch.totalWeight());
      return update(method == null ? "step_full" : "step_tuned", step, inputs, batch, learningRate);
    }
  }

  /// The same update on a batch in parts, one after the other, for the memory of one part: the
  /// gradients are added up.
  ///
  /// @throws NonFiniteLossException as [#step] does
  public StepResult accumulatedStep(List<List<TrainingExample>> parts, double learningRate) {
    program.requireOwner();
    List<Batch> batches = parts.stream().map(this::batch).toList();
    double total = batches.stream().mapToDouble(Batch::totalWeight).sum();
    double loss = 0;
    for (Batch batch : batches) {
      rope.ensure(batch.width());
      try (PtNDManager step = program.newManager()) {
        NDList inputs = inputs(step, batch, total);
        addModel(step, inputs, steps * 31 + batches.indexOf(batch));
        inputs.addAll(parameters.sums());
        String call = method == null ? "gather_full" : "gather_tuned";
        loss += program.train(call, inputs).head().toFloatArray()[0];
      }
    }
    try (PtNDManager step = program.newManager()) {
      NDList inputs = new NDList(step.create((float) loss), step.create((float) learningRate));
      inputs.addAll(parameters.sums());
      inputs.addAll(parameters.lists());
      return finish("apply", inputs, batches);
    }
  }

  /// One update that makes the chosen answers likelier against the rejected ones, relative to
  /// where this trainer started (direct preference optimization). For adapters only. A pair
  /// counts with the weight of its chosen answer.
  ///
  /// @param beta how strongly the model is held to where it started
  public StepResult preferenceStep(List<PreferencePair> pairs, double learningRate, double beta) {
    program.requireOwner();
    TensorMap from = reference;
    if (from == null) {
      throw new IllegalStateException("Preferences train adapters, but this trains a base.");
    }
    float[] likelihoods = pairReferences.of(pairs, 2, pair -> likelihoods(pair, from));
    float[] weights = new float[pairs.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = pairs.get(i).chosen().weight();
    }
    Batch batch = Batch.ofPairs(pairs, base.config(), virtualTokens());
    rope.ensure(batch.width());
    try (PtNDManager step = program.newManager()) {
      NDList inputs = batch.argument(step);
      inputs.add(batch.rows(step));
      inputs.add(step.create(likelihoods));
      inputs.add(step.create(weights));
      inputs.add(step.create((float) beta));
      inputs.addAll(rope.arrays());
      return update("step_preference", step, inputs, batch, learningRate);
    }
  }

  /// Log-probabilities of a pair's answers under the reference. Taken alone, so that they do not
  /// depend on what else is in the batch.
  private float[] likelihoods(PreferencePair pair, TensorMap from) {
    Batch alone = Batch.ofPairs(List.of(pair), base.config(), virtualTokens());
    float[] losses =
        alone.sumByRow(
            Losses.losses(
                program, rope, alone, base.plainWeights().dictionary(), from.dictionary()));
    return new float[] {-losses[0], -losses[1]};
  }

  /// One update that makes good answers likelier and bad ones less likely, relative to where this
  /// trainer started and to how far it has moved since: that is estimated on each prompt of the
  /// batch with the answer to the one before, so a batch should have several. For adapters only.
  public StepResult ratedStep(
      List<RatedExample> rated, double learningRate, RatingObjective objective) {
    program.requireOwner();
    TensorMap from = reference;
    if (from == null) {
      throw new IllegalStateException("Ratings train adapters, but this trains a base.");
    }
    float[] likelihoods =
        ratedReferences.of(rated, 1, each -> likelihoods(List.of(each.example()), from));
    float[] signs = new float[rated.size()];
    float[] weights = new float[rated.size()];
    float total = 0;
    for (int i = 0; i < weights.length; i++) {
      RatedExample each = rated.get(i);
      signs[i] = each.good() ? 1 : -1;
      weights[i] =
          (float) (each.weight() * (each.good() ? objective.goodWeight() : objective.badWeight()));
      total += each.weight();
    }
    float moved = moved(rated, from);
    Batch batch = batch(rated.stream().map(RatedExample::example).toList());
    rope.ensure(batch.width());
    try (PtNDManager step = program.newManager()) {
      NDList inputs = batch.argument(step);
      inputs.add(batch.rows(step));
      inputs.add(step.create(likelihoods));
      inputs.add(step.create(signs));
      inputs.add(step.create(weights));
      inputs.add(step.create(total));
      inputs.add(step.create(moved));
      inputs.add(step.create((float) objective.beta()));
      inputs.addAll(rope.arrays());
      return update("step_rated", step, inputs, batch, learningRate);
    }
  }

  /// How far the model has moved from the reference, in nats an answer, at least 0. Nothing can be
  /// said of a single example.
  private float moved(List<RatedExample> rated, TensorMap from) {
    if (rated.size() < 2) {
      return 0;
    }
    int most = base.config().maxPositions() - virtualTokens();
    List<TrainingExample> mismatched = new ArrayList<>();
    for (int i = 0; i < rated.size(); i++) {
      RatedExample before = rated.get((i + rated.size() - 1) % rated.size());
      mismatched.add(rated.get(i).answeredBy(before, most));
    }
    Batch batch = batch(mismatched);
    float[] now =
        batch.sumByRow(
            Losses.losses(
                program, rope, batch, base.plainWeights().dictionary(), parameters.served()));
    float[] then =
        batch.sumByRow(
            Losses.losses(
                program, rope, batch, base.plainWeights().dictionary(), from.dictionary()));
    double sum = 0;
    for (int i = 0; i < now.length; i++) {
      sum += then[i] - now[i];
    }
    return (float) Math.max(0, sum / now.length);
  }

  /// Log-probabilities of answers under the reference.
  private float[] likelihoods(List<TrainingExample> answers, TensorMap from) {
    Batch batch = batch(answers);
    float[] values =
        batch.sumByRow(
            Losses.losses(
                program, rope, batch, base.plainWeights().dictionary(), from.dictionary()));
    for (int i = 0; i < values.length; i++) {
      values[i] = -values[i];
    }
    return values;
  }

  /// Loss of the weights as they are now, without learning.
  public Evaluation evaluate(List<TrainingExample> examples) {
    program.requireOwner();
    boolean full = method == null;
    return Losses.evaluate(
        scorer,
        scorerRope,
        base.config(),
        base.tokenizer(),
        examples,
        full ? parameters.served() : base.plainWeights().dictionary(),
        full ? noAdapter : parameters.served(),
        virtualTokens());
  }

  /// Steps taken, restored ones included.
  public long steps() {
    return steps;
  }

  /// Writes everything that training needs to go on into a folder: the same bytes for the same
  /// state.
  public void saveState(Path folder) {
    program.requireOwner();
    TensorMap from = reference;
    TrainerState.write(
        folder, new TrainerState(kind(), steps, parameters.tensors(), parameters.moments(), from));
  }

  /// Takes over what [#saveState] wrote, from a trainer of the same kind on the same base.
  ///
  /// @throws dev.tidemill.model.ModelFormatException when the folder is damaged or of another
  ///     kind
  public void restoreState(Path folder) {
    program.requireOwner();
    TrainerState.Saved saved =
        TrainerState.read(folder, kind(), parameters.tensors(), method != null);
    Parameters restored = parameters(saved.values(), saved.moments(), saved.steps());
    parameters.close();
    parameters = restored;
    TensorMap old = reference;
    if (old != null) {
      reference = new TensorMap("r", saved.reference(), scalars());
      pairReferences.clear();
      ratedReferences.clear();
      old.release();
    }
    steps = saved.steps();
  }

  /// Writes the trained base as a Hugging Face folder. Only after [#full].
  public void exportBase(Path folder) {
    program.requireOwner();
    if (method != null) {
      throw new IllegalStateException("This trains an adapter, so it has no base to export.");
    }
    base.writeWith(folder, parameters.tensors());
  }

  /// Writes the trained adapter's two files. Only after [#tune].
  public void exportAdapter(Path folder) {
    program.requireOwner();
    TuningMethod tuned = method;
    if (tuned == null) {
      throw new IllegalStateException("This trains a base, so it has no adapter to export.");
    }
    Adapter.write(folder, described(tuned), base.config(), parameters.tensors());
  }

  @Override
  public void close() {
    program.requireOwner();
    noAdapter.close();
    rope.close();
    parameters.close();
    TensorMap from = reference;
    if (from != null) {
      from.release();
    }
    scorerRope.close();
    scorer.close();
    program.close();
    base.plainWeights().release();
  }

  private NDList inputs(PtNDManager step, Batch batch, double total) {
    NDList inputs = batch.argument(step);
    inputs.add(batch.weights(step));
    inputs.add(step.create((float) total));
    inputs.addAll(rope.arrays());
    return inputs;
  }

  private StepResult update(
      String call, PtNDManager step, NDList inputs, Batch batch, double learningRate) {
    inputs.add(step.create((float) learningRate));
    addModel(step, inputs, steps);
    inputs.addAll(parameters.lists());
    return finish(call, inputs, List.of(batch));
  }

  /// The arguments that are the same in every call.
  ///
  /// @param draw which of the seed's random sequences dropout takes
  private void addModel(PtNDManager step, NDList inputs, long draw) {
    if (method != null) {
      for (Map.Entry<String, Float> scalar : scalars().entrySet()) {
        NDArray value = step.create(scalar.getValue().floatValue());
        value.setName("s." + scalar.getKey());
        inputs.add(value);
      }
      inputs.addAll(new NDList(new ArrayList<NDArray>(base.plainWeights().arrays().values())));
      if (method.dropout() > 0) {
        JniUtils.setSeed(optimizer.seed() * 1_000_003 + draw);
      }
    }
    inputs.addAll(parameters.dictionary());
  }

  private StepResult finish(String call, NDList inputs, List<Batch> batches) {
    float[] report = program.train(call, inputs).head().toFloatArray();
    if (!Float.isFinite(report[0]) || !Float.isFinite(report[1])) {
      throw new NonFiniteLossException(steps, report[0], report[1], describe(batches));
    }
    steps++;
    return new StepResult(
        report[0],
        report[1],
        batches.stream().mapToInt(Batch::tokens).sum(),
        batches.stream().mapToInt(Batch::labelledTokens).sum());
  }

  /// Which batch it was, and which of its examples have no finite loss.
  private String describe(List<Batch> batches) {
    List<Integer> guilty = new ArrayList<>();
    int examples = 0;
    long tokens = 0;
    for (Batch batch : batches) {
      boolean full = method == null;
      float[] losses =
          batch.sumByRow(
              Losses.losses(
                  program,
                  rope,
                  batch,
                  full ? parameters.served() : base.plainWeights().dictionary(),
                  full ? noAdapter : parameters.served()));
      for (int i = 0; i < losses.length; i++) {
        if (!Float.isFinite(losses[i])) {
          guilty.add(examples + i + 1);
        }
      }
      examples += losses.length;
      tokens += batch.tokens();
    }
    return "the batch of "
        + examples
        + " examples with "
        + tokens
        + " tokens, "
        + (guilty.isEmpty()
            ? "of which each has a finite loss"
            : "of which these have no finite loss: " + guilty);
  }

  private Batch batch(List<TrainingExample> examples) {
    return new Batch(examples, base.config(), virtualTokens());
  }

  private int virtualTokens() {
    return method == null ? 0 : method.virtualTokens();
  }

  /// With what is known of the tensors as they are: the words that virtual tokens are near.
  private TuningMethod described(TuningMethod tuned) {
    if (tuned instanceof PromptConfig prompt) {
      return prompt.withNearest(NearestTokens.of(scorer, base, parameters.served()));
    }
    return tuned;
  }

  private Parameters parameters(List<Tensor> values, Map<String, Tensor> moments, long taken) {
    return new Parameters(method == null ? "w" : "a", values, moments, taken, scalars());
  }

  private Map<String, Float> scalars() {
    return method == null ? Map.of() : method.scalars();
  }

  private String kind() {
    return method == null ? "full" : method.peftType().toLowerCase(Locale.ROOT);
  }
}
