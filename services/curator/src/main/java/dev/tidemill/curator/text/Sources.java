package dev.tidemill.curator.text;

import java.util.List;
import java.util.Optional;

/// Which sources documents may come from (section `curator.sources`).
///
/// An entry is the beginning of a source, such as `https://docs.example.org/`, or, with a `*` in
/// it, a pattern for the whole of it in which `*` stands for any characters. Case is told apart.
///
/// @param allowed none else may pass; all may when it is empty, as it is unless told
/// @param denied these may not, whatever is allowed; none unless told
public record Sources(List<String> allowed, List<String> denied) {
  /// Lets every source through.
  public static final Sources ALL = new Sources(List.of(), List.of());

  public Sources {
    allowed = allowed == null ? List.of() : List.copyOf(allowed);
    denied = denied == null ? List.of() : List.copyOf(denied);
    if (allowed.stream().anyMatch(String::isBlank) || denied.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("allowed and denied must not hold blank entries");
    }
  }

  /// What speaks against this source, as the end of a sentence that begins with it.
  Optional<String> against(String source) {
    for (String entry : denied) {
      if (matches(entry, source)) {
        return Optional.of("is denied by '" + entry + "' of curator.sources.denied");
      }
    }
    return allowed.isEmpty() || allowed.stream().anyMatch(entry -> matches(entry, source))
        ? Optional.empty()
        : Optional.of("is none of curator.sources.allowed: " + String.join(", ", allowed));
  }

  private static boolean matches(String entry, String source) {
    return entry.indexOf('*') < 0 ? source.startsWith(entry) : glob(entry, source);
  }

  // Each part between stars is taken where it first fits, which never spoils a later one.
  private static boolean glob(String pattern, String text) {
    String[] parts = pattern.split("\\*", -1);
    if (!text.startsWith(parts[0])) {
      return false;
    }
    int at = parts[0].length();
    for (int i = 1; i < parts.length - 1; i++) {
      int found = text.indexOf(parts[i], at);
      if (found < 0) {
        return false;
      }
      at = found + parts[i].length();
    }
    String end = parts[parts.length - 1];
    return text.length() - end.length() >= at && text.endsWith(end);
  }
}
