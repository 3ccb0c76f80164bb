package dev.tidemill.model.generate;

import dev.tidemill.model.Adapter;
import dev.tidemill.model.generate.KvPool.Region;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One sequence in the making: its tokens, its region of the caches' pool, and the adapter that it
/// started with and keeps to the end. Belongs to the thread of its [Generator]; close it to give
/// the region back.
public final class DecodeState implements AutoCloseable {
  private final Generator generator;
  private final @Nullable Adapter adapter;
  private final int promptTokens;

  private final int virtual;

  private int[] tokens;
  private int count;
  private Region region;
  private int capacity;
  private Prefixes.@Nullable Entry entry;
  private int cached;
  private float @Nullable [] logits;
  private boolean closed;

  /// @param virtual places of the cache that the adapter takes before all tokens
  /// @param scored whether only the first token of the prompt is read at once; the others follow
  ///     one at a time
  DecodeState(
      Generator generator,
      @Nullable Adapter adapter,
      int virtual,
      int[] prompt,
      boolean scored,
      Region region,
      int capacity) {
    this.generator = generator;
    this.adapter = adapter;
    this.promptTokens = prompt.length;
    this.virtual = virtual;
    this.tokens = Arrays.copyOf(prompt, prompt.length + 64);
    this.count = scored ? 1 : prompt.length;
    this.region = region;
    this.capacity = capacity;
  }

  /// Whether something of the prompt is to be read by [Generator#read] before tokens are drawn.
  public boolean unread() {
    return logits == null;
  }

  /// Places of the cache that the adapter takes before all tokens.
  int virtualTokens() {
    return virtual;
  }

  /// Places of the cache that are taken: the adapter's virtual tokens, then tokens; a drawn token
  /// gets there when the next is drawn.
  int cached() {
    return cached;
  }

  /// Tokens that are in the cache.
  public int tokensRead() {
    return Math.max(0, cached - virtual);
  }

  /// Whether the next token is still one of the prompt's.
  public boolean reading() {
    return count < promptTokens;
  }

  /// How likely the model found the token that was read or drawn last, before anything was changed
  /// about its logits.
  ///
  /// @param top how many of the likeliest tokens are named beside it
  public TokenScore lastScore(int top) {
    if (upToDate()) {
      throw new IllegalStateException("Nothing has been read or drawn by these logits yet.");
    }
    return TokenScore.of(logits(), lastToken(), top);
  }

  /// Tokens so far, the prompt first.
  public int[] tokens() {
    return Arrays.copyOf(tokens, count);
  }

  public int promptTokens() {
    return promptTokens;
  }

  /// Tokens drawn so far, the one that ended the sequence included.
  public int generatedTokens() {
    return Math.max(0, count - promptTokens);
  }

  public @Nullable Adapter adapter() {
    return adapter;
  }

  /// Whether the last token ends the answer, or the model's longest sequence is reached.
  public boolean ended() {
    return finish() != null;
  }

  /// Why it ended, or null while it goes on.
  public @Nullable FinishReason finish() {
    if (count > promptTokens && generator.base().generation().ends(tokens[count - 1])) {
      return FinishReason.STOP;
    }
    return virtual + count >= generator.base().config().maxPositions() ? FinishReason.LENGTH : null;
  }

  /// Gives the region back, and the hold on base and adapter. Closing twice does nothing.
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      generator.closed(this);
    }
  }

  Region region() {
    if (closed) {
      throw new IllegalStateException("This sequence has been closed.");
    }
    return region;
  }

  /// The region, to be given back.
  Region lastRegion() {
    return region;
  }

  /// Positions that the region has room for.
  int capacity() {
    return capacity;
  }

  void moved(Region larger, int room) {
    region = larger;
    capacity = room;
    entry = null;
  }

  Prefixes.@Nullable Entry entry() {
    return entry;
  }

  /// The first tokens of the prompt are in the region, with the logits after them when they are
  /// all.
  void known(int prefix, float @Nullable [] logitsAfter) {
    cached = prefix == 0 ? 0 : virtual + prefix;
    logits = logitsAfter;
  }

  /// Others may share this prompt.
  void shared(Prefixes.Entry known) {
    entry = known;
    known.read(tokensRead(), logits);
  }

  /// Tokens to be read next.
  int[] chunk(int most) {
    return Arrays.copyOfRange(tokens, tokensRead(), Math.min(count, tokensRead() + most));
  }

  void read(int taken, float @Nullable [] logitsAfter) {
    cached = virtual + tokensRead() + taken;
    logits = logitsAfter;
    if (entry != null) {
      entry.read(tokensRead(), logitsAfter);
    }
  }

  int count() {
    return count;
  }

  int lastToken() {
    return tokens[count - 1];
  }

  /// Whether the logits are those after the last token.
  boolean upToDate() {
    return cached == virtual + count;
  }

  void advanced(float[] newLogits) {
    cached++;
    logits = newLogits;
  }

  /// The prompt's next token, while [#reading()].
  int nextOfPrompt() {
    return tokens[count];
  }

  float[] logits() {
    return Objects.requireNonNull(logits, "the prompt has not been read");
  }

  void append(int token) {
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, count * 2);
    }
    tokens[count++] = token;
  }
}
