package dev.tidemill.curator.text;

import org.jspecify.annotations.Nullable;

/// Tells the language of texts.
public interface Languages {
  /// Its code, such as `en` or `zh-CN`; null when it cannot be told, as of short texts.
  @Nullable String of(String text);
}
