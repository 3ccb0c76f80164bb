package dev.tidemill.quickstart.reference;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The configuration reference of one version of the Kafka clients, read from the jar itself.
///
/// Every answer the quickstart checks is checked against this, so nothing here is a list of ours:
/// the settings are what the `ConfigDef` of each client holds. The version on the class path is
/// read in place; an older jar, kept as a resource, is read in a class loader that sees none of
/// our classes.
///
/// @param version major and minor, as the jar states them, such as `3.9`
/// @param settings all public settings, in order
public record KafkaReference(String version, List<Setting> settings) {

  /// Where the build puts the jar of the older version.
  public static final String ARCHIVED_JAR = "/kafka-reference/kafka-clients-3.9.jar";

  /// A default object identity: text that differs from one JVM to the next and says nothing.
  private static final Pattern IDENTITY = Pattern.compile(".*(\\$\\$Lambda|@[0-9a-f]{4,}).*");

  public KafkaReference {
    settings = settings.stream().sorted().toList();
  }

  /// The reference of the older version, from the jar in our resources.
  public static KafkaReference archived() {
    try (InputStream jar = KafkaReference.class.getResourceAsStream(ARCHIVED_JAR)) {
      if (jar == null) {
        throw new IllegalStateException(
            "The resource " + ARCHIVED_JAR + " is not on the class path");
      }
      Path copy = Files.createTempFile("kafka-clients-reference", ".jar");
      try {
        Files.copy(jar, copy, StandardCopyOption.REPLACE_EXISTING);
        return ofJar(copy);
      } finally {
        Files.deleteIfExists(copy);
      }
    } catch (IOException e) {
      throw new IllegalStateException("The resource " + ARCHIVED_JAR + " cannot be read", e);
    }
  }

  /// The reference of the Kafka clients that this program runs on.
  public static KafkaReference current() {
    return read(KafkaReference.class.getClassLoader());
  }

  /// The reference of a client jar, which is loaded apart from everything of ours.
  static KafkaReference ofJar(Path jar) throws IOException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, new LoggingOnly())) {
      // Kafka resolves the classes of its own defaults through the context class loader.
      thread.setContextClassLoader(loader);
      return read(loader);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /// The settings that have a default: those a question can be asked about.
  public List<Setting> withDefault() {
    return settings.stream().filter(s -> s.defaultValue() != null).toList();
  }

  private static KafkaReference read(ClassLoader loader) {
    try {
      List<Setting> settings = new ArrayList<>();
      for (Component component : Component.values()) {
        Class<?> config = Class.forName(component.configClass(), true, loader);
        Object definition = call(config.getMethod("configDef"), null);
        Map<?, ?> keys =
            (Map<?, ?>) call(definition.getClass().getMethod("configKeys"), definition);
        addAll(component, keys.values(), settings);
      }
      return new KafkaReference(versionOf(loader), settings);
    } catch (ReflectiveOperationException | IOException e) {
      throw new IllegalStateException("The Kafka client jar has no configuration reference", e);
    }
  }

  private static void addAll(Component component, Collection<?> keys, List<Setting> into)
      throws ReflectiveOperationException {
    for (Object key : keys) {
      if (!Boolean.TRUE.equals(field(key, "internalConfig"))) {
        into.add(setting(component, key));
      }
    }
  }

  private static Setting setting(Component component, Object key)
      throws ReflectiveOperationException {
    Object type = Objects.requireNonNull(field(key, "type"));
    boolean hasDefault = Boolean.TRUE.equals(call(key.getClass().getMethod("hasDefault"), key));
    Object validator = field(key, "validator");
    String valid = validator == null ? null : validator.toString();
    return new Setting(
        component,
        Objects.requireNonNull((String) field(key, "name")),
        lowerCase(type),
        hasDefault ? text(key, type) : null,
        lowerCase(Objects.requireNonNull(field(key, "importance"))),
        valid == null || IDENTITY.matcher(valid).matches() ? null : valid,
        PlainText.of(Objects.requireNonNullElse((String) field(key, "documentation"), "")));
  }

  /// The default as Kafka's own documentation prints it, without the unit it adds in brackets.
  private static String text(Object key, Object type) throws ReflectiveOperationException {
    Class<?> definition = key.getClass().getEnclosingClass();
    Object value = field(key, "defaultValue");
    Object text =
        definition
            .getMethod("convertToString", Object.class, type.getClass())
            .invoke(null, value, type);
    if (text == null) {
      return "null";
    }
    return text.toString().isEmpty() ? "\"\"" : text.toString();
  }

  private static String versionOf(ClassLoader loader) throws IOException {
    try (InputStream in = loader.getResourceAsStream("kafka/kafka-version.properties")) {
      if (in == null) {
        throw new IllegalStateException("The Kafka client jar does not state its version");
      }
      Properties properties = new Properties();
      properties.load(in);
      String version = properties.getProperty("version", "");
      int minor = version.indexOf('.', version.indexOf('.') + 1);
      return minor < 0 ? version : version.substring(0, minor);
    }
  }

  private static @Nullable Object field(Object key, String name)
      throws ReflectiveOperationException {
    return key.getClass().getField(name).get(key);
  }

  private static Object call(Method method, @Nullable Object on)
      throws IllegalAccessException, InvocationTargetException {
    return Objects.requireNonNull(method.invoke(on), method.getName());
  }

  private static String lowerCase(Object constant) {
    return constant.toString().toLowerCase(Locale.ROOT);
  }

  /// A parent that hands the isolated jar the JDK and our logging interface, and nothing else.
  private static final class LoggingOnly extends ClassLoader {
    LoggingOnly() {
      super(ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (name.startsWith("org.slf4j.")) {
        return Class.forName(name, false, KafkaReference.class.getClassLoader());
      }
      throw new ClassNotFoundException(name);
    }
  }
}
