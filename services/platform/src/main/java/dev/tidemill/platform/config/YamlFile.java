package dev.tidemill.platform.config;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/// Reads YAML into [Setting]s that know their lines.
final class YamlFile {

  private YamlFile() {}

  static Setting.Mapping read(Path file) {
    String name = String.valueOf(file.getFileName());
    try (Reader reader = Files.newBufferedReader(file)) {
      return switch (parse(reader, name, true)) {
        case Setting.Mapping mapping -> mapping;
        case Setting.Absent absent -> Setting.Mapping.empty(absent.place());
        case Setting.Scalar s -> throw new ConfigException(file + " must hold sections");
        case Setting.Sequence s -> throw new ConfigException(file + " must hold sections");
      };
    } catch (NoSuchFileException e) {
      throw new ConfigException("configuration file " + file + " does not exist", e);
    } catch (IOException e) {
      throw new ConfigException("configuration file " + file + " cannot be read: " + e, e);
    }
  }

  /// A value of an environment variable: YAML where it is a list or mapping, the bare text else.
  static Setting readValue(String text, String place) {
    String stripped = text.strip();
    if (stripped.startsWith("[") || stripped.startsWith("{")) {
      return parse(new StringReader(stripped), place, false);
    }
    return new Setting.Scalar(text, place);
  }

  private static Setting parse(Reader reader, String name, boolean lines) {
    try {
      @Nullable Node root = new Yaml(new SafeConstructor(new LoaderOptions())).compose(reader);
      return root == null ? new Setting.Absent(name) : convert(root, name, lines);
    } catch (MarkedYAMLException e) {
      String line =
          lines && e.getProblemMark() != null ? ", line " + (e.getProblemMark().getLine() + 1) : "";
      throw new ConfigException(name + line + ": not sound YAML: " + e.getProblem(), e);
    } catch (YAMLException e) {
      throw new ConfigException(name + ": not sound YAML: " + e.getMessage(), e);
    }
  }

  private static Setting convert(Node node, String name, boolean lines) {
    String place = place(node, name, lines);
    return switch (node) {
      case ScalarNode scalar when Tag.NULL.equals(scalar.getTag()) -> new Setting.Absent(place);
      case ScalarNode scalar -> new Setting.Scalar(scalar.getValue(), place);
      case SequenceNode sequence -> {
        List<Setting> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
          items.add(convert(item, name, lines));
        }
        yield new Setting.Sequence(items, place);
      }
      case MappingNode mapping -> {
        Setting.Mapping converted = Setting.Mapping.empty(place);
        for (NodeTuple entry : mapping.getValue()) {
          String keyPlace = place(entry.getKeyNode(), name, lines);
          if (!(entry.getKeyNode() instanceof ScalarNode key)) {
            throw new ConfigException(keyPlace + ": a key must be a word");
          }
          Setting value = at(convert(entry.getValueNode(), name, lines), keyPlace);
          if (converted.entries().put(key.getValue(), value) != null) {
            throw new ConfigException(keyPlace + ": key " + key.getValue() + " stands here twice");
          }
        }
        yield converted;
      }
      case Node other -> throw new ConfigException(place + ": not a value");
    };
  }

  // A nested mapping begins on the line after its key; people look for the key.
  private static Setting at(Setting value, String place) {
    return switch (value) {
      case Setting.Mapping m -> new Setting.Mapping(m.entries(), place);
      case Setting.Sequence s -> new Setting.Sequence(s.items(), place);
      case Setting.Scalar s -> s;
      case Setting.Absent a -> a;
    };
  }

  private static String place(Node node, String name, boolean lines) {
    return lines && node.getStartMark() != null
        ? name + ", line " + (node.getStartMark().getLine() + 1)
        : name;
  }
}
