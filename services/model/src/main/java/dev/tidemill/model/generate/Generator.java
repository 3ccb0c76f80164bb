package dev.tidemill.model.generate;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.generate.json.JsonTokens;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import dev.tidemill.model.program.TensorMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decodes with one base. Owned by the thread that made it: every call from another thread is
/// refused. Sequences are advanced one token at a time and may be interleaved as the caller
/// likes, each with its own adapter.
public final class Generator implements AutoCloseable {
  /// Positions by which a cache grows at least.
  private static final int ROOM = 64;

  private final BaseModel base;
  private final DecoderConfig config;
  private final DecoderProgram program;
  private final PtNDManager caches;
  private final Rope rope;
  private final IValue noAdapter;
  private @Nullable JsonTokens jsonTokens;

  public Generator(BaseModel base) {
    this.base = base;
    config = base.config();
    base.weights().acquire();
    program = new DecoderProgram(config, DecoderProgram.Training.serving(base.bf16()));
    caches = program.newManager();
    rope = new Rope(program);
    noAdapter = TensorMap.emptyDictionary();
  }

  /// Lets the generator go for another thread, which owns it from its first call on. No sequence
  /// may be open.
  public void letGo() {
    program.letGo();
  }

  public BaseModel base() {
    return base;
  }

  /// What this base's tokens are within JSON.
  ///
  /// @throws IllegalArgumentException when its tokenizer does not tell
  public JsonTokens jsonTokens() {
    program.requireOwner();
    JsonTokens known = jsonTokens;
    if (known == null) {
      known = new JsonTokens(base.tokenizer().bytes(), base.generation()::ends);
      jsonTokens = known;
    }
    return known;
  }

  /// Reads a prompt.
  ///
  /// @throws IllegalArgumentException when the prompt is empty or does not leave room for a token
  public DecodeState start(int[] prompt, @Nullable Adapter adapter) {
    return start(prompt, prompt.length, adapter);
  }

  /// Reads the first token of a prompt only. The others follow one with each [#next], so that each
  /// can be scored; the sampler is asked when the last of them has been read.
  ///
  /// @throws IllegalArgumentException as [#start(int[], Adapter)]
  public DecodeState startScored(int[] prompt, @Nullable Adapter adapter) {
    return start(prompt, 1, adapter);
  }

  private DecodeState start(int[] prompt, int read, @Nullable Adapter adapter) {
    program.requireOwner();
    if (prompt.length == 0) {
      throw new IllegalArgumentException("The prompt is empty.");
    }
    int virtual = adapter == null ? 0 : adapter.method().virtualTokens();
    if (prompt.length >= config.maxPositions() - virtual) {
      throw new IllegalArgumentException(
          "The prompt has "
              + prompt.length
              + " tokens, but the model takes at most "
              + (config.maxPositions() - virtual - 1)
              + ".");
    }
    for (int token : prompt) {
      if (token < 0 || token >= config.vocabSize()) {
        throw new IllegalArgumentException("The prompt has the unknown token " + token + ".");
      }
    }
    rope.ensure(virtual + read);
    base.weights().acquire();
    if (adapter != null) {
      adapter.weights().acquire();
    }
    PtNDArray cache =
        (PtNDArray)
            caches.zeros(cacheShape(capacity(virtual + prompt.length + 1)), DataType.FLOAT32);
    try (IValue tokens =
            IValue.listFrom(Arrays.stream(prompt).limit(read).asLongStream().toArray());
        IValue target = IValue.from(cache);
        PtNDArray logits =
            program.serve(
                caches,
                "prefill",
                tokens,
                target,
                rope.cosines(),
                rope.sines(),
                weights(),
                adapter(adapter))) {
      return new DecodeState(base, adapter, prompt, read, cache, logits.toFloatArray());
    }
  }

  /// Draws the next token of a sequence.
  public int next(DecodeState state, Sampler sampler) {
    return nextAll(List.of(state), List.of(sampler))[0];
  }

  /// Draws the next token of several sequences, or takes it from the prompt where that is being
  /// read one by one, in one program call for those that share an adapter; the result is in the
  /// order of the states.
  public int[] nextAll(List<DecodeState> states, List<Sampler> samplers) {
    program.requireOwner();
    if (states.size() != samplers.size()) {
      throw new IllegalArgumentException(
          states.size() + " sequences need as many samplers, not " + samplers.size() + ".");
    }
    for (DecodeState state : states) {
      if (state.ended()) {
        throw new IllegalStateException("A sequence that has ended cannot go on.");
      }
    }
    advance(states);
    int[] drawn = new int[states.size()];
    for (int i = 0; i < drawn.length; i++) {
      DecodeState state = states.get(i);
      drawn[i] = state.reading() ? state.nextOfPrompt() : samplers.get(i).sample(state.logits());
      state.append(drawn[i]);
    }
    return drawn;
  }

  /// Logits after the last token of a sequence.
  public float[] logits(DecodeState state) {
    program.requireOwner();
    advance(List.of(state));
    return state.logits().clone();
  }

  /// Answers a conversation.
  public String generate(
      List<ChatMessage> messages, @Nullable Adapter adapter, SamplingParameters parameters) {
    int[] prompt = base.tokenizer().encodeChat(messages);
    return generate(prompt, adapter, parameters, text -> {}).text();
  }

  /// Continues a prompt to its end, giving pieces of text to `onText` as they become certain.
  public Generation generate(
      int[] prompt,
      @Nullable Adapter adapter,
      SamplingParameters parameters,
      Consumer<String> onText) {
    Sampler sampler = new Sampler(parameters, prompt);
    TextStream stream = new TextStream(base.tokenizer(), parameters.stop());
    StringBuilder text = new StringBuilder();
    try (DecodeState state = start(prompt, adapter)) {
      while (!state.ended()
          && !stream.stopped()
          && state.generatedTokens() < parameters.maxTokens()) {
        give(stream.next(next(state, sampler)), text, onText);
      }
      give(stream.finish(), text, onText);
      FinishReason reason =
          stream.stopped() || state.finish() == FinishReason.STOP
              ? FinishReason.STOP
              : FinishReason.LENGTH;
      return new Generation(text.toString(), state.promptTokens(), state.generatedTokens(), reason);
    }
  }

  /// Closes the program. Sequences that are still open lose their caches.
  @Override
  public void close() {
    rope.close();
    noAdapter.close();
    caches.close();
    program.close();
    base.weights().release();
  }

  private static void give(String piece, StringBuilder text, Consumer<String> onText) {
    if (!piece.isEmpty()) {
      text.append(piece);
      onText.accept(piece);
    }
  }

  /// Brings the logits of every sequence up to date, one program call for each adapter among
  /// them.
  private void advance(List<DecodeState> states) {
    List<DecodeState> behind = new ArrayList<>();
    for (DecodeState state : states) {
      if (!state.upToDate()) {
        behind.add(state);
      }
    }
    while (!behind.isEmpty()) {
      @Nullable Adapter adapter = behind.getFirst().adapter();
      List<DecodeState> together = new ArrayList<>();
      List<DecodeState> later = new ArrayList<>();
      for (DecodeState state : behind) {
        (state.adapter() == adapter ? together : later).add(state);
      }
      decode(together, adapter);
      behind = later;
    }
  }

  private void decode(List<DecodeState> states, @Nullable Adapter adapter) {
    int size = states.size();
    long[] tokens = new long[size];
    long[] positions = new long[size];
    PtNDArray[] held = new PtNDArray[size];
    for (int i = 0; i < size; i++) {
      DecodeState state = states.get(i);
      tokens[i] = state.lastToken();
      positions[i] = state.cached();
      rope.ensure(state.cached() + 1);
      ensureRoom(state);
      held[i] = state.cache();
    }
    try (IValue tokenList = IValue.listFrom(tokens);
        IValue positionList = IValue.listFrom(positions);
        IValue cacheList = IValue.listFrom(held);
        PtNDArray logits =
            program.serve(
                caches,
                "decode",
                tokenList,
                positionList,
                cacheList,
                rope.cosines(),
                rope.sines(),
                weights(),
                adapter(adapter))) {
      float[] all = logits.toFloatArray();
      int vocabulary = all.length / size;
      for (int i = 0; i < size; i++) {
        states.get(i).advanced(Arrays.copyOfRange(all, i * vocabulary, (i + 1) * vocabulary));
      }
    }
  }

  private void ensureRoom(DecodeState state) {
    int capacity = (int) state.cache().getShape().get(3);
    if (state.cached() < capacity) {
      return;
    }
    try (IValue old = IValue.from(state.cache());
        IValue larger = IValue.from((long) capacity(capacity * 2))) {
      state.replaceCache(program.serve(caches, "grow", old, larger));
    }
  }

  private int capacity(int needed) {
    return Math.min((needed + ROOM - 1) / ROOM * ROOM, config.maxPositions());
  }

  private Shape cacheShape(int capacity) {
    return new Shape(config.layers(), 2, config.kvHeads(), capacity, config.headDim());
  }

  private IValue weights() {
    return base.weights().dictionary();
  }

  private IValue adapter(@Nullable Adapter adapter) {
    return adapter == null ? noAdapter : adapter.weights().dictionary();
  }
}
