package dev.tidemill.platform.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Binds settings to records; every refusal names the full key and where it stands.
final class RecordBinder {

  private final String section;
  private final Class<? extends Record> root;

  private RecordBinder(String section, Class<? extends Record> root) {
    this.section = section;
    this.root = root;
  }

  static <T extends Record> T bind(String section, Setting setting, Class<T> type) {
    return type.cast(new RecordBinder(section, type).record(section, setting, type));
  }

  private Record record(String key, Setting setting, Class<?> type) {
    Map<String, Setting> entries =
        switch (setting) {
          case Setting.Mapping mapping -> mapping.entries();
          case Setting.Absent absent -> Map.of();
          case Setting.Scalar scalar -> throw refuse(key, "must hold keys, not a value", scalar);
          case Setting.Sequence list -> throw refuse(key, "must hold keys, not a list", list);
        };
    Set<String> known = keys(type);
    entries.forEach(
        (name, value) -> {
          if (!known.contains(name)) {
            throw unknown(key + "." + name, value, key, known);
          }
        });
    return record(key, setting, entries, type);
  }

  private Record record(String key, Setting setting, Map<String, Setting> entries, Class<?> type) {
    RecordComponent[] components = type.getRecordComponents();
    @Nullable Object[] arguments = new @Nullable Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String name = snake(components[i].getName());
      arguments[i] =
          inlined(components[i])
              ? record(key, setting, entries, components[i].getType())
              : value(key + "." + name, entries.get(name), components[i].getGenericType());
    }
    return construct(key, setting, type, components, arguments);
  }

  private static Set<String> keys(Class<?> type) {
    Set<String> keys = new LinkedHashSet<>();
    for (RecordComponent component : type.getRecordComponents()) {
      if (inlined(component)) {
        keys.addAll(keys(component.getType()));
      } else {
        keys.add(snake(component.getName()));
      }
    }
    return keys;
  }

  private static boolean inlined(RecordComponent component) {
    return component.isAnnotationPresent(Inline.class);
  }

  private static Record construct(
      String key,
      Setting setting,
      Class<?> type,
      RecordComponent[] components,
      @Nullable Object[] arguments) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return (Record) constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String message =
          switch (cause) {
            case NullPointerException npe -> missing(npe);
            case Throwable other -> String.valueOf(other.getMessage());
          };
      throw new ConfigException(key + ": " + message + " (" + setting.place() + ")", cause);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("record " + type.getName() + " cannot be made", e);
    }
  }

  private static String missing(NullPointerException e) {
    @Nullable String message = e.getMessage();
    // Objects.requireNonNull(x, "x") gives the bare name; the JVM's own messages have spaces.
    return message == null || message.isBlank()
        ? "a key is missing"
        : message.contains(" ") ? message : snake(message) + " is missing";
  }

  private @Nullable Object value(String key, @Nullable Setting setting, Type type) {
    Class<?> raw = raw(type);
    if (setting == null || setting instanceof Setting.Absent) {
      return Scalars.absent(raw);
    }
    if (raw.isRecord()) {
      return record(key, setting, raw);
    }
    if (raw == List.class || raw == Set.class) {
      List<@Nullable Object> items = items(key, setting, argument(type, 0));
      return raw == List.class ? items : new LinkedHashSet<>(items);
    }
    if (raw == Map.class) {
      return map(key, setting, argument(type, 1));
    }
    if (raw == Object.class) {
      return plain(setting);
    }
    return switch (setting) {
      case Setting.Scalar scalar -> scalar(key, scalar, raw);
      case Setting.Sequence s ->
          throw refuse(key, "must be " + Scalars.kind(raw) + ", not a list", s);
      case Setting.Mapping m -> throw refuse(key, "must be " + Scalars.kind(raw) + ", not keys", m);
      case Setting.Absent a -> Scalars.absent(raw);
    };
  }

  private List<@Nullable Object> items(String key, Setting setting, Type type) {
    List<@Nullable Object> items = new ArrayList<>();
    switch (setting) {
      case Setting.Sequence sequence -> {
        for (int i = 0; i < sequence.items().size(); i++) {
          items.add(value(key + "[" + i + "]", sequence.items().get(i), type));
        }
      }
      // a, b, c: how lists are written in environment variables
      case Setting.Scalar scalar -> {
        for (String item : scalar.text().split(",", -1)) {
          if (!item.isBlank()) {
            items.add(value(key, new Setting.Scalar(item.strip(), scalar.place()), type));
          }
        }
      }
      case Setting.Mapping m -> throw refuse(key, "must be a list, not keys", m);
      case Setting.Absent a -> {}
    }
    return items;
  }

  private Map<String, @Nullable Object> map(String key, Setting setting, Type type) {
    if (!(setting instanceof Setting.Mapping mapping)) {
      throw refuse(key, "must hold keys", setting);
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    mapping.entries().forEach((name, item) -> map.put(name, value(key + "." + name, item, type)));
    return map;
  }

  private static @Nullable Object plain(Setting setting) {
    return switch (setting) {
      case Setting.Scalar scalar -> scalar.text();
      case Setting.Absent absent -> null;
      case Setting.Sequence s -> s.items().stream().map(RecordBinder::plain).toList();
      case Setting.Mapping m -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        m.entries().forEach((name, item) -> map.put(name, plain(item)));
        yield map;
      }
    };
  }

  private static Object scalar(String key, Setting.Scalar scalar, Class<?> type) {
    try {
      return Scalars.parse(scalar.text().strip(), type);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw refuse(key, "must be " + Scalars.kind(type) + ", not '" + scalar.text() + "'", scalar);
    }
  }

  private ConfigException unknown(String key, Setting value, String parent, Set<String> siblings) {
    String written = deepest(key, value);
    List<String> paths = new ArrayList<>();
    paths(section, root, paths);
    String hint =
        paths.stream()
            .min(Comparator.comparingInt(known -> Nearest.distance(written, known)))
            // The section's name is common to all; it must not make things look alike.
            .filter(
                known ->
                    Nearest.near(
                        written.substring(section.length()), known.substring(section.length())))
            .map(known -> "did you mean " + known + "?")
            .orElseGet(() -> "known in " + parent + ": " + String.join(", ", siblings));
    return new ConfigException(written + ": unknown key; " + hint + " (" + value.place() + ")");
  }

  private static String deepest(String key, Setting value) {
    return switch (value) {
      case Setting.Mapping m when !m.entries().isEmpty() -> {
        Map.Entry<String, Setting> first = m.entries().entrySet().iterator().next();
        yield deepest(key + "." + first.getKey(), first.getValue());
      }
      case Setting.Mapping m -> key;
      case Setting.Scalar s -> key;
      case Setting.Sequence s -> key;
      case Setting.Absent a -> key;
    };
  }

  private static void paths(String key, Class<?> type, List<String> paths) {
    for (RecordComponent component : type.getRecordComponents()) {
      if (inlined(component)) {
        paths(key, component.getType(), paths);
        continue;
      }
      String path = key + "." + snake(component.getName());
      paths.add(path);
      if (component.getType().isRecord()) {
        paths(path, component.getType(), paths);
      }
    }
  }

  private static Class<?> raw(Type type) {
    return switch (type) {
      case Class<?> c -> c;
      case ParameterizedType p -> (Class<?>) p.getRawType();
      case Type other -> throw new IllegalStateException("settings of type " + other);
    };
  }

  private static Type argument(Type type, int index) {
    return type instanceof ParameterizedType p ? p.getActualTypeArguments()[index] : Object.class;
  }

  private static String snake(String name) {
    return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(java.util.Locale.ROOT);
  }

  private static ConfigException refuse(String key, String reason, Setting at) {
    return new ConfigException(key + ": " + reason + " (" + at.place() + ")");
  }
}
