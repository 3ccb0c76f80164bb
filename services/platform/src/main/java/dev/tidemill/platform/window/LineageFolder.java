package dev.tidemill.platform.window;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The folder of a line, held by one process at a time. The checkpoints of the first generation lie
/// in it, those of a later one in `generation-2` and so on; only one generation's are kept.
final class LineageFolder implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LineageFolder.class);
  private static final String GENERATION = "generation-";

  private final Path root;
  private final FileChannel lockFile;
  private final FileLock lock;

  private LineageFolder(Path root, FileChannel lockFile, FileLock lock) {
    this.root = root;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /// Takes hold of the folder, made if it is missing.
  ///
  /// @throws FatalFault when another trainer holds it
  static LineageFolder open(Path folder, String line) {
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      @Nullable FileLock lock = tryLock(channel);
      if (lock == null) {
        channel.close();
        throw new FatalFault(
            "the checkpoints of " + line + " in " + folder + " are held by another trainer");
      }
      return new LineageFolder(folder, channel, lock);
    } catch (IOException e) {
      throw new RetriableFault("the checkpoint folder " + folder + " cannot be used: " + e, e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /// The checkpoints of this generation. Whatever is left of earlier ones is removed first, with
  /// the replay buffers that hold what was erased: a kill in the middle of that is made good by the
  /// next call.
  ///
  /// @throws FatalFault when the folder knows of a later generation
  CheckpointStore of(Lineage<?> lineage) {
    try {
      for (Path path : CheckpointStore.entries(root)) {
        int generation = generationOf(path);
        if (generation > lineage.generation()) {
          throw new FatalFault(
              "%s holds generation %d of %s, but by candidates and applied erasures it is at %d: the topics were made anew or cut"
                  .formatted(root, generation, lineage.line(), lineage.generation()));
        }
        if (generation > 0 && generation < lineage.generation()) {
          CheckpointStore.remove(path);
        }
      }
      if (lineage.generation() == 1) {
        return new CheckpointStore(root, lineage.name());
      }
      new CheckpointStore(root, lineage.line()).removeAll();
      Path folder = Files.createDirectories(root.resolve(GENERATION + lineage.generation()));
      CheckpointStore.force(root);
      return new CheckpointStore(folder, lineage.name());
    } catch (IOException e) {
      throw new RetriableFault(
          "the checkpoints of " + lineage.name() + " in " + root + " cannot be used: " + e, e);
    }
  }

  private static int generationOf(Path path) {
    String name = path.getFileName().toString();
    return name.matches(GENERATION + "[1-9][0-9]{0,8}")
        ? Integer.parseInt(name, GENERATION.length(), name.length(), 10)
        : 0;
  }

  @Override
  public void close() {
    try (lockFile) {
      lock.release();
    } catch (IOException e) {
      log.warn("the lock of {} cannot be released: {}", root, e.toString());
    }
  }
}
