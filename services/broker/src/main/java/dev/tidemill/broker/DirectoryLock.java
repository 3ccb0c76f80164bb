package dev.tidemill.broker;

import dev.tidemill.platform.config.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// Holds a broker's directory for one broker. Kafka has locks of its own, but a second broker that
/// meets them has already disturbed the first and then halts its JVM. The system drops the lock
/// when the process dies, however it dies.
final class DirectoryLock implements AutoCloseable {

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /// Takes the directory, which is made when missing.
  ///
  /// @throws ConfigException when another broker has it
  static DirectoryLock take(Path directory) {
    Path file = directory.resolve("broker.lock");
    FileChannel channel;
    try {
      Files.createDirectories(directory);
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new ConfigException("the broker cannot use the directory " + directory + ": " + e, e);
    }
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        throw inUse(directory, file, channel);
      }
      channel.truncate(0);
      channel.write(StandardCharsets.US_ASCII.encode(Long.toString(ProcessHandle.current().pid())));
      return new DirectoryLock(channel);
    } catch (OverlappingFileLockException e) {
      throw inUse(directory, file, channel);
    } catch (IOException e) {
      closeQuietly(channel);
      throw new ConfigException("the broker cannot lock the directory " + directory + ": " + e, e);
    }
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }

  private static ConfigException inUse(Path directory, Path file, FileChannel channel) {
    String owner;
    try {
      owner = Files.readString(file, StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      owner = "";
    }
    closeQuietly(channel);
    return new ConfigException(
        "another broker is using the directory "
            + directory
            + (owner.isEmpty() ? "" : " (process " + owner + ")"));
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new IllegalStateException("the broker's lock file could not be closed", e);
    }
  }
}
