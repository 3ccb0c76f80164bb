package dev.tidemill.curator.text;

import java.util.List;

/// Which languages documents may be in (section `curator.language`).
///
/// @param detect whether the language is looked for at all; true unless told
/// @param allowed codes such as `en` or `zh-CN`; all are when it is empty, as it is unless told. A
///   document whose language cannot be told passes
public record LanguageRules(Boolean detect, List<String> allowed) {
  /// Lets every language through and counts it.
  public static final LanguageRules ALL = new LanguageRules(true, List.of());

  /// Does not look.
  public static final LanguageRules OFF = new LanguageRules(false, List.of());

  public LanguageRules {
    detect = detect == null ? Boolean.TRUE : detect;
    allowed = allowed == null ? List.of() : List.copyOf(allowed);
    if (!detect && !allowed.isEmpty()) {
      throw new IllegalArgumentException(
          "detect must be true when languages are allowed, was false with allowed " + allowed);
    }
    for (String code : allowed) {
      if (!NgramLanguages.known().contains(code)) {
        throw new IllegalArgumentException(
            "allowed must hold codes of known languages, was %s; known are %s"
                .formatted(code, String.join(", ", NgramLanguages.known())));
      }
    }
  }

  boolean allows(String language) {
    return allowed.isEmpty() || allowed.contains(language);
  }
}
