package dev.tidemill.quickstart.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a newer reference says differently from an older one.
///
/// A setting *changed* when both versions have a default for it and the two texts differ: only
/// then was the old answer once right and is wrong now. A setting that is new is *added*, not
/// changed: a model that has never read of it has nothing to unlearn, and many of them default to
/// `null`, which it may guess. Settings that lost their default, or are gone, are *removed*: there
/// is no right answer to ask for. All four lists hold the settings of the newer version, but for
/// the removed ones.
///
/// @param changed the default differs
/// @param unchanged the default is the same
/// @param added has a default only in the newer version
/// @param removed has a default only in the older version
public record ReferenceChange(
    List<Setting> changed, List<Setting> unchanged, List<Setting> added, List<Setting> removed) {

  public ReferenceChange {
    changed = List.copyOf(changed);
    unchanged = List.copyOf(unchanged);
    added = List.copyOf(added);
    removed = List.copyOf(removed);
  }

  /// Compares the settings that have a default.
  public static ReferenceChange between(KafkaReference older, KafkaReference newer) {
    Map<Setting.Id, Setting> then = byId(older);
    Map<Setting.Id, Setting> now = byId(newer);
    List<Setting> changed = new ArrayList<>();
    List<Setting> unchanged = new ArrayList<>();
    List<Setting> added = new ArrayList<>();
    for (Setting setting : newer.withDefault()) {
      @Nullable Setting before = then.get(setting.id());
      if (before == null) {
        added.add(setting);
      } else if (Objects.equals(before.defaultValue(), setting.defaultValue())) {
        unchanged.add(setting);
      } else {
        changed.add(setting);
      }
    }
    List<Setting> removed =
        older.withDefault().stream().filter(s -> !now.containsKey(s.id())).toList();
    return new ReferenceChange(changed, unchanged, added, removed);
  }

  private static Map<Setting.Id, Setting> byId(KafkaReference reference) {
    return reference.withDefault().stream()
        .collect(Collectors.toMap(Setting::id, Function.identity()));
  }
}
