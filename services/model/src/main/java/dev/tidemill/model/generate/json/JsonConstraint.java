package dev.tidemill.model.generate.json;

import dev.tidemill.model.generate.TokenConstraint;

/// Lets one answer be a JSON object and nothing else, and whole within its longest length: only
/// tokens are let through after which the object can still be ended with the tokens that are left.
/// Only where not even `{}` has room the object is cut off.
public final class JsonConstraint implements TokenConstraint {
  private final JsonTokens tokens;
  private long state = JsonGrammar.begin();
  private int room;

  /// @param longest tokens of the answer at most
  public JsonConstraint(JsonTokens tokens, int longest) {
    this.tokens = tokens;
    this.room = longest;
  }

  @Override
  public void mask(float[] logits) {
    byte[] left = tokens.left(state);
    // A missing byte takes a token at most.
    int most = room - 1;
    if (!anyWithin(left, most)) {
      most = Byte.MAX_VALUE;
    }
    for (int i = 0; i < logits.length; i++) {
      if (i >= left.length || left[i] < 0 || left[i] > most) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  @Override
  public void drawn(int token) {
    state = tokens.after(state, token);
    room--;
  }

  @Override
  public boolean complete() {
    return JsonGrammar.complete(state);
  }

  private static boolean anyWithin(byte[] left, int most) {
    for (byte each : left) {
      if (each >= 0 && each <= most) {
        return true;
      }
    }
    return false;
  }
}
