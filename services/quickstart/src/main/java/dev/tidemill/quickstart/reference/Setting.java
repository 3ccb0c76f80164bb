package dev.tidemill.quickstart.reference;

import org.jspecify.annotations.Nullable;

/// One setting of one component, as its `ConfigDef` states it.
///
/// @param component the client that has the setting
/// @param name the key a user writes, such as `linger.ms`
/// @param type the `ConfigDef` type in lower case
/// @param defaultValue the default in Kafka's own text form: `null` spelled out for a null
///     default, `""` for an empty one; absent when the setting has to be given
/// @param importance high, medium or low
/// @param validValues what the validator accepts, where it can say so
/// @param doc the documentation as plain text, its markup removed
public record Setting(
    Component component,
    String name,
    String type,
    @Nullable String defaultValue,
    String importance,
    @Nullable String validValues,
    String doc)
    implements Comparable<Setting> {

  public Setting {
    if (name.isBlank()) {
      throw new IllegalArgumentException("A setting of " + component.phrase() + " has no name");
    }
  }

  /// What identifies a setting across versions: its component and its name.
  public Id id() {
    return new Id(component, name);
  }

  /// By name, then by component, so that the same setting of several clients lies together.
  @Override
  public int compareTo(Setting other) {
    return id().compareTo(other.id());
  }

  /// A component and the name of one of its settings.
  public record Id(Component component, String name) implements Comparable<Id> {
    @Override
    public int compareTo(Id other) {
      int byName = name.compareTo(other.name);
      return byName != 0 ? byName : component.compareTo(other.component);
    }
  }
}
