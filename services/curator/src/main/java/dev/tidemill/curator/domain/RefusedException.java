package dev.tidemill.curator.domain;

/// Carries a refusal out of nested checks to the entry of the rules, which returns it as a
/// [Verdict.Refused]. It never leaves this package and has no stack trace.
final class RefusedException extends Exception {
  private final transient Refusal refusal;

  RefusedException(Refusal refusal) {
    super(refusal.detail(), null, false, false);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }
}
