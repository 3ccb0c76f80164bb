package dev.tidemill.platform.window;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.tidemill.events.Candidate;
import dev.tidemill.platform.artifact.Digests;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.platform.http.Json;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The checkpoints of one generation of a lineage in a folder.
///
/// `checkpoint-000000000007/` holds `candidate.avro`, the trainer's files in `state/`, and
/// `checkpoint.json`, which names each file with its size and SHA-256 and whose own digest is in
/// `checkpoint.sha256`. It is put together under another name, forced to disk and renamed in one
/// step.
final class CheckpointStore {

  private static final Logger log = LoggerFactory.getLogger(CheckpointStore.class);
  private static final String PREFIX = "checkpoint-";
  private static final String STAGED = ".staged-";
  private static final String DAMAGED = "damaged-";
  private static final String CANDIDATE = "candidate.avro";
  private static final String STATE = "state";
  private static final String INDEX = "checkpoint.json";
  private static final String INDEX_DIGEST = "checkpoint.sha256";
  private static final int FORMAT = 1;

  /// What `checkpoint.json` says.
  record Index(int format, String lineage, long sequence, List<Entry> files) {}

  /// A file of a checkpoint.
  record Entry(String path, String sha256, long bytes) {}

  private final Path folder;
  private final String lineage;
  private final AvroCodec<Candidate> codec = AvroCodec.of(Candidate.class);

  /// @param folder exists, and is held by this process ([LineageFolder])
  /// @param lineage name of the lineage, generation included
  CheckpointStore(Path folder, String lineage) {
    this.folder = folder;
    this.lineage = lineage;
  }

  Path folder() {
    return folder;
  }

  /// Folders of the checkpoints in place, newest first; none is verified.
  List<Path> list() {
    try {
      return entries(folder).stream()
          .filter(path -> path.getFileName().toString().startsWith(PREFIX))
          .sorted(Comparator.reverseOrder())
          .toList();
    } catch (IOException e) {
      throw new RetriableFault("the checkpoint folder " + folder + " cannot be read: " + e, e);
    }
  }

  /// Reads a checkpoint and verifies every file of it.
  ///
  /// @throws DamagedCheckpointException when anything is not as it was written
  Checkpoint read(Path checkpoint) {
    Path file = checkpoint.resolve(INDEX);
    try {
      byte[] json = Files.readAllBytes(file);
      String digest = Files.readString(checkpoint.resolve(INDEX_DIGEST)).strip();
      if (!digest.equals(Digests.sha256(json))) {
        throw new DamagedCheckpointException(file, "its digest is not " + digest, null);
      }
      Index index = Json.mapper().readValue(json, Index.class);
      if (index.format != FORMAT || !index.lineage.equals(lineage)) {
        throw new DamagedCheckpointException(
            file, "it is format " + index.format + " of lineage " + index.lineage, null);
      }
      for (Entry entry : index.files) {
        file = checkpoint.resolve(entry.path);
        verify(file, entry);
      }
      file = checkpoint.resolve(CANDIDATE);
      Candidate candidate = codec.decode(Files.readAllBytes(file));
      return new Checkpoint(candidate, checkpoint.resolve(STATE));
    } catch (JsonProcessingException | MalformedRecordException e) {
      throw new DamagedCheckpointException(file, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new DamagedCheckpointException(file, "it cannot be read (" + e + ")", e);
    }
  }

  /// An empty folder for the trainer's files of the next checkpoint. What an earlier try left is
  /// removed.
  Path stage(long sequence) {
    try {
      removeStaged();
      return Files.createDirectories(staged(sequence).resolve(STATE));
    } catch (IOException e) {
      throw new RetriableFault("no checkpoint can be begun in " + folder + ": " + e, e);
    }
  }

  /// Completes the checkpoint that was staged and puts it in place.
  ///
  /// @param beforeRename called when all is on disk but the name
  Checkpoint write(Candidate candidate, Runnable beforeRename) {
    Path from = staged(candidate.getSequence());
    try {
      Files.write(from.resolve(CANDIDATE), codec.encode(candidate));
      List<Entry> entries = new ArrayList<>();
      for (Path file : files(from)) {
        force(file);
        String path = from.relativize(file).toString().replace('\\', '/');
        entries.add(new Entry(path, Digests.sha256(file), Files.size(file)));
      }
      byte[] json =
          Json.mapper()
              .writeValueAsBytes(new Index(FORMAT, lineage, candidate.getSequence(), entries));
      forced(from.resolve(INDEX), json);
      forced(from.resolve(INDEX_DIGEST), Digests.sha256(json).getBytes(US_ASCII));
      forceFolders(from);
      beforeRename.run();
      Path to = folder.resolve(PREFIX + "%012d".formatted(candidate.getSequence()));
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      force(folder);
      return new Checkpoint(candidate, to.resolve(STATE));
    } catch (IOException e) {
      throw new RetriableFault(
          "checkpoint " + candidate.getSequence() + " cannot be written in " + folder + ": " + e,
          e);
    }
  }

  /// Removes all checkpoints but the one of this sequence.
  void keepOnly(long sequence) {
    String kept = PREFIX + "%012d".formatted(sequence);
    try {
      for (Path path : list()) {
        if (!path.getFileName().toString().equals(kept)) {
          remove(path);
        }
      }
    } catch (IOException e) {
      log.warn("an old checkpoint in {} cannot be removed: {}", folder, e.toString());
    }
  }

  /// Takes a damaged checkpoint out of the way, for people to look at.
  void setAside(Path checkpoint) {
    try {
      Path aside = folder.resolve(DAMAGED + checkpoint.getFileName());
      if (Files.exists(aside)) {
        remove(aside);
      }
      Files.move(checkpoint, aside, StandardCopyOption.ATOMIC_MOVE);
      force(folder);
    } catch (IOException e) {
      throw new RetriableFault(checkpoint + " cannot be set aside: " + e, e);
    }
  }

  /// Removes a checkpoint whose window is not to be published.
  void discard(long sequence) {
    try {
      remove(folder.resolve(PREFIX + "%012d".formatted(sequence)));
      force(folder);
    } catch (IOException e) {
      throw new RetriableFault(
          "checkpoint " + sequence + " in " + folder + " cannot be removed: " + e, e);
    }
  }

  /// Removes what a try that came to nothing has left.
  void removeStaged() {
    try {
      for (Path path : entries(folder)) {
        if (path.getFileName().toString().startsWith(STAGED)) {
          remove(path);
        }
      }
    } catch (IOException e) {
      throw new RetriableFault(
          "an unfinished checkpoint in " + folder + " cannot be removed: " + e, e);
    }
  }

  /// Removes every checkpoint, finished, unfinished or set aside.
  void removeAll() {
    try {
      for (Path path : entries(folder)) {
        String name = path.getFileName().toString();
        if (name.startsWith(PREFIX) || name.startsWith(STAGED) || name.startsWith(DAMAGED)) {
          remove(path);
        }
      }
      force(folder);
    } catch (IOException e) {
      throw new RetriableFault("the checkpoints in " + folder + " cannot be removed: " + e, e);
    }
  }

  private Path staged(long sequence) {
    return folder.resolve(STAGED + sequence);
  }

  private static void verify(Path file, Entry entry) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new DamagedCheckpointException(file, "it is missing", null);
    }
    if (Files.size(file) != entry.bytes || !Digests.sha256(file).equals(entry.sha256)) {
      throw new DamagedCheckpointException(file, "it is not as it was written", null);
    }
  }

  static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void forced(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes);
    force(file);
  }

  private static void forceFolders(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : (Iterable<Path>) all.filter(Files::isDirectory)::iterator) {
        force(path);
      }
    }
  }

  static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  static void remove(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }
}
