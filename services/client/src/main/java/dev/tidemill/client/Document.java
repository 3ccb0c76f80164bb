package dev.tidemill.client;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// New corpus text.
///
/// @param id unique; the gateway makes one when null
/// @param key what the text is about: a newer document of the same key replaces an older one
/// @param source where it comes from
/// @param licence SPDX name of its licence
/// @param subject pseudonymous person it is about, for erasures
/// @param eventTime when it was written; when it is pushed, if null
public record Document(
    @Nullable String id,
    String key,
    String source,
    String text,
    @Nullable String title,
    @Nullable String licence,
    @Nullable String subject,
    Map<String, String> tags,
    @Nullable Instant eventTime)
    implements Push {

  public Document {
    tags = Map.copyOf(tags);
  }

  /// A document with what must be there.
  public static Document of(String key, String source, String text) {
    return new Document(null, key, source, text, null, null, null, Map.of(), null);
  }

  public Document withId(String newId) {
    return new Document(newId, key, source, text, title, licence, subject, tags, eventTime);
  }

  public Document withTitle(String newTitle) {
    return new Document(id, key, source, text, newTitle, licence, subject, tags, eventTime);
  }

  public Document withLicence(String newLicence) {
    return new Document(id, key, source, text, title, newLicence, subject, tags, eventTime);
  }

  public Document withSubject(String newSubject) {
    return new Document(id, key, source, text, title, licence, newSubject, tags, eventTime);
  }

  /// Adds a tag.
  public Document withTag(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(tags);
    more.put(name, value);
    return new Document(id, key, source, text, title, licence, subject, more, eventTime);
  }

  public Document at(Instant newEventTime) {
    return new Document(id, key, source, text, title, licence, subject, tags, newEventTime);
  }
}
