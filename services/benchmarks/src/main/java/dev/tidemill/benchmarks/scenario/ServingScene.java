package dev.tidemill.benchmarks.scenario;

import dev.tidemill.benchmarks.scenario.serving.Ground;
import dev.tidemill.benchmarks.scenario.serving.Releases;
import dev.tidemill.benchmarks.scenario.serving.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// What scenarios of serving begin with: a broker and a store of releases, in a temporary folder
/// that goes with them.
final class ServingScene implements AutoCloseable {
  private static final int TEXTS = 50;

  private final Path folder;
  private final ChildBroker broker;
  private final Releases releases;

  private ServingScene(Path folder, ChildBroker broker, Releases releases) {
    this.folder = folder;
    this.broker = broker;
    this.releases = releases;
  }

  /// @param name of the folder
  /// @param shape of the bases that are made there
  static ServingScene open(String name, Shape shape, long seed) throws IOException {
    Path folder = Files.createTempDirectory("tidemill-" + name + "-");
    ChildBroker broker = ChildBroker.start(folder.resolve("broker"));
    try {
      return new ServingScene(folder, broker, new Releases(folder, shape, texts(seed)));
    } catch (IOException | RuntimeException e) {
      broker.close();
      ChildBroker.delete(folder);
      throw e;
    }
  }

  /// What tokenizers of bases learn their vocabulary from.
  static List<String> texts(long seed) {
    Corpus corpus = new Corpus(seed);
    return IntStream.range(0, TEXTS).mapToObj(i -> corpus.document(i).getText()).toList();
  }

  Releases releases() {
    return releases;
  }

  /// A replica that follows no route yet.
  ///
  /// @param inference further keys of its section, as a YAML map without braces
  Ground ground(String inference) throws IOException {
    return new Ground(folder, broker.bootstrapServers(), releases, inference);
  }

  @Override
  public void close() throws IOException {
    broker.close();
    ChildBroker.delete(folder);
  }
}
