package dev.tidemill.curator.text.pii;

import java.util.Locale;

/// Kinds of personal data and secrets. Where two claim the same characters the earlier one has
/// them.
public enum PiiKind {
  /// API keys, tokens, private keys and passwords.
  SECRET,
  EMAIL,
  IBAN,
  /// Numbers of payment cards.
  CARD,
  /// Addresses of version 4 and 6 that may belong to somebody.
  IP,
  PHONE;

  private final String code = name().toLowerCase(Locale.ROOT);
  private final String placeholder = "<" + name() + ">";

  /// The name in lower case, as settings and metrics carry it.
  public String code() {
    return code;
  }

  /// What stands in the text instead.
  public String placeholder() {
    return placeholder;
  }
}
