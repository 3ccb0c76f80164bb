package dev.tidemill.model.generate;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.tidemill.model.Adapter;
import dev.tidemill.model.BaseModel;
import dev.tidemill.model.ChatMessage;
import dev.tidemill.model.DecoderConfig;
import dev.tidemill.model.generate.KvPool.Region;
import dev.tidemill.model.generate.json.JsonTokens;
import dev.tidemill.model.kernel.LowRank;
import dev.tidemill.model.program.DecoderProgram;
import dev.tidemill.model.program.Rope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decodes with one base. Owned by the thread that made it: every call from another thread is
/// refused. Prompts are read in chunks, sequences advanced one token at a time, and both may be
/// interleaved as the caller likes, each sequence with its own adapter.
public final class Generator implements AutoCloseable {
  /// Tokens of a prompt that one call reads, unless told.
  public static final int CHUNK = 128;

  /// Positions by which a cache grows at least.
  private static final int ROOM = 64;

  private final BaseModel base;
  private final DecoderConfig config;
  private final DecoderProgram program;
  private final PtNDManager results;
  private final Rope rope;
  private KvPool pool = KvPool.growing();
  private boolean ownPool = true;
  private int chunk = CHUNK;
  private Prefixes prefixes = new Prefixes(CHUNK);
  private final AdapterCalls adapters;
  private final @Nullable DecodeKernel kernel;
  private final Set<Region> taken = new HashSet<>();
  private @Nullable JsonTokens jsonTokens;
  private boolean closed;

  /// With a pool for caches of its own, which grows as it needs.
  public Generator(BaseModel base) {
    this.base = base;
    config = base.config();
    base.weights().acquire();
    program = new DecoderProgram(config, DecoderProgram.Training.serving(base.bf16()));
    results = program.newManager();
    rope = new Rope(program);
    adapters = new AdapterCalls(program, config);
    kernel = DecodeKernel.of(base).orElse(null);
  }

  /// Has its caches in a pool from now on, which others of this thread may share and the caller
  /// closes. No sequence may be open.
  ///
  /// @param chunkTokens tokens of a prompt that one call reads
  public void cacheIn(KvPool shared, int chunkTokens) {
    program.requireOwner();
    if (chunkTokens < 1) {
      throw new IllegalArgumentException("A chunk has at least 1 token, not " + chunkTokens + ".");
    }
    if (!taken.isEmpty()) {
      throw new IllegalStateException("The caches cannot move while a sequence is open.");
    }
    if (ownPool) {
      pool.close();
    }
    ownPool = false;
    pool = shared;
    chunk = chunkTokens;
    prefixes = new Prefixes(chunkTokens);
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
    DecodeState state = begin(prompt, adapter, ROOM, null).orElseThrow();
    try {
      while (!read(state)) {}
      return state;
    } catch (RuntimeException e) {
      state.close();
      throw e;
    }
  }

  /// Reads the first token of a prompt only. The others follow one with each [#next], so that each
  /// can be scored; the sampler is asked when the last of them has been read.
  ///
  /// @throws IllegalArgumentException as [#start(int[], Adapter)]
  public DecodeState startScored(int[] prompt, @Nullable Adapter adapter) {
    DecodeState state = beginScored(prompt, adapter, ROOM).orElseThrow();
    read(state);
    return state;
  }

  /// A sequence whose prompt is not read yet, but for a beginning that is known: [#read] goes on
  /// with it. Its cache has room for the prompt and `more` tokens; beyond that it is made larger
  /// when the pool has room.
  ///
  /// @param scope what makes keys and values beside base and tokens, such as the adapter's digest:
  ///     only what was begun in the same scope is shared; null shares nothing
  /// @return nothing when the pool has no room
  /// @throws IllegalArgumentException when the prompt is empty or does not leave room for a token
  public Optional<DecodeState> begin(
      int[] prompt, @Nullable Adapter adapter, int more, @Nullable String scope) {
    Optional<DecodeState> begun = take(prompt, adapter, more, false);
    if (scope != null) {
      begun.ifPresent(state -> share(state, scope, prompt));
    }
    return begun;
  }

  /// Forgets the prompt that was kept the longest, for who needs room in a pool that is shared.
  ///
  /// @return whether there was one
  public boolean giveWay() {
    program.requireOwner();
    Optional<Region> forgotten = prefixes.oldest();
    forgotten.ifPresent(this::give);
    return forgotten.isPresent();
  }

  /// The same for [#startScored].
  public Optional<DecodeState> beginScored(int[] prompt, @Nullable Adapter adapter, int more) {
    return take(prompt, adapter, more, true);
  }

  private Optional<DecodeState> take(
      int[] prompt, @Nullable Adapter adapter, int more, boolean scored) {
    program.requireOwner();
    int virtual = adapter == null ? 0 : adapter.method().virtualTokens();
    check(prompt, virtual);
    int capacity = capacity(virtual + prompt.length + Math.max(1, more));
    @Nullable Region region = region(capacity);
    if (region == null) {
      return Optional.empty();
    }
    try {
      if (adapter != null) {
        adapter.weights().acquire();
        adapters.begins(adapter);
      }
      base.weights().acquire();
    } catch (RuntimeException e) {
      give(region);
      throw e;
    }
    return Optional.of(new DecodeState(this, adapter, virtual, prompt, scored, region, capacity));
  }

  private void share(DecodeState state, String scope, int[] prompt) {
    prefixes
        .longest(scope, prompt)
        .ifPresent(
            match -> {
              copy(
                  match.entry().region(),
                  match.entry().capacity(),
                  state,
                  state.virtualTokens() + match.tokens());
              state.known(match.tokens(), match.logits());
            });
    state.shared(prefixes.add(scope, prompt, state.region(), state.capacity()));
  }

  private void check(int[] prompt, int virtual) {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("The prompt is empty.");
    }
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
  }

  /// Reads the next chunk of a prompt.
  ///
  /// @return whether the prompt is read, so that tokens can be drawn
  public boolean read(DecodeState state) {
    program.requireOwner();
    if (!state.unread()) {
      return true;
    }
    int first = state.cached();
    int[] tokens = state.chunk(chunk);
    boolean last = state.tokensRead() + tokens.length == state.count();
    rope.ensure(state.virtualTokens() + state.tokensRead() + tokens.length);
    @Nullable Adapter adapter = state.adapter();
    try (IValue list = IValue.listFrom(longs(tokens));
        IValue from = IValue.from((long) first);
        IValue start = IValue.from(row(state.region()));
        IValue capacity = IValue.from((long) state.capacity());
        IValue whole = IValue.from(last);
        PtNDArray logits =
            program.serve(
                results,
                "read",
                list,
                from,
                start,
                capacity,
                whole,
                pool.argument(program),
                rope.cosines(),
                rope.sines(),
                base.weights().dictionary(),
                adapter == null ? adapters.none() : adapter.weights().dictionary())) {
      state.read(tokens.length, last ? logits.toFloatArray() : null);
    }
    return last;
  }

  /// Draws the next token of a sequence.
  public int next(DecodeState state, Sampler sampler) {
    return nextAll(List.of(state), List.of(sampler))[0];
  }

  /// Draws the next token of several sequences, or takes it from the prompt where that is being
  /// read one by one, in one program call for all whose adapters are low-rank pairs; the result is
  /// in the order of the states.
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

  /// Lets the generator go for another thread, which owns it from its first call on. No sequence
  /// may be open.
  public void letGo() {
    program.letGo();
  }

  /// Closes the program. Sequences that are still open lose their caches.
  @Override
  public void close() {
    program.requireOwner();
    if (closed) {
      return;
    }
    closed = true;
    if (ownPool) {
      pool.close();
    } else {
      taken.forEach(pool::give);
    }
    rope.close();
    adapters.close();
    if (kernel != null) {
      kernel.close();
    }
    results.close();
    program.close();
    base.weights().release();
  }

  /// Gives back what a sequence has.
  void closed(DecodeState state) {
    if (!closed) {
      Prefixes.@Nullable Entry entry = state.entry();
      if (entry == null) {
        give(state.lastRegion());
      } else {
        prefixes.ended(entry).forEach(this::give);
      }
      if (state.adapter() != null) {
        adapters.ended(state.adapter());
      }
    }
    base.weights().release();
    if (state.adapter() != null) {
      state.adapter().weights().release();
    }
  }

  private static void give(String piece, StringBuilder text, Consumer<String> onText) {
    if (!piece.isEmpty()) {
      text.append(piece);
      onText.accept(piece);
    }
  }

  /// Brings the logits of every sequence up to date.
  private void advance(List<DecodeState> states) {
    List<DecodeState> behind = new ArrayList<>();
    for (DecodeState state : states) {
      if (state.unread()) {
        throw new IllegalStateException("The prompt of a sequence has not been read.");
      }
      if (!state.upToDate()) {
        behind.add(state);
      }
    }
    for (List<DecodeState> together : AdapterCalls.batches(behind)) {
      for (DecodeState state : together) {
        ensureRoom(state);
        rope.ensure(state.cached() + 1);
      }
      DecodeKernel few = kernel;
      if (few != null && few.takes(together)) {
        decode(few, together);
      } else {
        decode(together);
      }
    }
  }

  private void decode(DecodeKernel few, List<DecodeState> states) {
    int size = states.size();
    int[] tokens = new int[size];
    int[] positions = new int[size];
    long[] starts = new long[size];
    int[] capacities = new int[size];
    long cache = pool.address(program);
    for (int i = 0; i < size; i++) {
      DecodeState state = states.get(i);
      tokens[i] = state.lastToken();
      positions[i] = state.cached();
      starts[i] = cache + state.region().offset();
      capacities[i] = state.capacity();
    }
    long[] slots = adapters.slots(states);
    Map<String, LowRank> pairs = slots.length == 0 ? Map.of() : adapters.pairs();
    float[][] logits =
        few.decode(
            new DecodeKernel.Step(tokens, positions, starts, capacities, slots, pairs), rope);
    for (int i = 0; i < size; i++) {
      states.get(i).advanced(logits[i]);
    }
  }

  private void decode(List<DecodeState> states) {
    int size = states.size();
    long[] tokens = new long[size];
    long[] positions = new long[size];
    long[] starts = new long[size];
    long[] capacities = new long[size];
    for (int i = 0; i < size; i++) {
      DecodeState state = states.get(i);
      tokens[i] = state.lastToken();
      positions[i] = state.cached();
      starts[i] = row(state.region());
      capacities[i] = state.capacity();
    }
    try (AdapterCalls.Call rows = adapters.call(states);
        IValue tokenList = IValue.listFrom(tokens);
        IValue positionList = IValue.listFrom(positions);
        IValue startList = IValue.listFrom(starts);
        IValue capacityList = IValue.listFrom(capacities);
        PtNDArray logits =
            program.serve(
                results,
                "decode",
                tokenList,
                positionList,
                startList,
                capacityList,
                rows.slots(),
                pool.argument(program),
                rope.cosines(),
                rope.sines(),
                base.weights().dictionary(),
                rows.dictionary())) {
      float[] all = logits.toFloatArray();
      int vocabulary = all.length / size;
      for (int i = 0; i < size; i++) {
        states.get(i).advanced(Arrays.copyOfRange(all, i * vocabulary, (i + 1) * vocabulary));
      }
    }
  }

  private void ensureRoom(DecodeState state) {
    if (state.cached() < state.capacity()) {
      return;
    }
    int larger = capacity(state.capacity() * 2);
    @Nullable Region region = region(larger);
    if (region == null) {
      throw new IllegalStateException(
          "The pool of caches has no room for " + larger + " positions of a sequence.");
    }
    Region old = state.region();
    int oldCapacity = state.capacity();
    Prefixes.@Nullable Entry entry = state.entry();
    state.moved(region, larger);
    copy(old, oldCapacity, state, state.cached());
    if (entry == null) {
      give(old);
    } else {
      prefixes.ended(entry).forEach(this::give);
    }
  }

  private void copy(Region from, int fromCapacity, DecodeState to, int positions) {
    try (IValue source = IValue.from(row(from));
        IValue sourceCapacity = IValue.from((long) fromCapacity);
        IValue target = IValue.from(row(to.region()));
        IValue targetCapacity = IValue.from((long) to.capacity());
        IValue count = IValue.from((long) positions)) {
      program
          .serve(
              results,
              "share_prefix",
              pool.argument(program),
              source,
              sourceCapacity,
              target,
              targetCapacity,
              count)
          .close();
    }
  }

  private int capacity(int needed) {
    return Math.min((needed + ROOM - 1) / ROOM * ROOM, config.maxPositions());
  }

  /// Bytes of a pool that a sequence of so many tokens takes.
  public long cacheBytes(int tokens) {
    return 2L * config.layers() * capacity(tokens) * rowBytes();
  }

  /// Places, those of an adapter included, of the longest sequence that a pool of so many bytes
  /// takes when nothing else is in it.
  public static int longestIn(long bytes, BaseModel base) {
    DecoderConfig config = base.config();
    long places = bytes / (2L * config.layers() * rowBytes(config, base.bf16()));
    return (int) Math.min(config.maxPositions(), places / ROOM * ROOM);
  }

  private long rowBytes() {
    return rowBytes(config, program.bf16());
  }

  private static long rowBytes(DecoderConfig config, boolean bf16) {
    return (long) config.kvHeads() * config.headDim() * DecoderProgram.valueBytes(bf16);
  }

  private long row(Region region) {
    return region.offset() / rowBytes();
  }

  /// A region, for which kept prefixes are forgotten when there is no other room.
  private @Nullable Region region(int capacity) {
    long bytes = cacheBytes(capacity);
    while (true) {
      @Nullable Region region = pool.take(bytes, rowBytes());
      if (region != null) {
        taken.add(region);
        return region;
      }
      if (!giveWay() && !pool.grown(program, bytes)) {
        return null;
      }
    }
  }

  private void give(Region region) {
    taken.remove(region);
    pool.give(region);
  }

  private static long[] longs(int[] values) {
    return Arrays.stream(values).asLongStream().toArray();
  }
}
