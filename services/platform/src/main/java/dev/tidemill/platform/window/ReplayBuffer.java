package dev.tidemill.platform.window;

import dev.tidemill.platform.faults.FatalFault;
import dev.tidemill.platform.faults.RetriableFault;
import dev.tidemill.schemas.AvroCodec;
import dev.tidemill.schemas.MalformedRecordException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/// Records of earlier windows that train again beside new ones, so that a model does not forget. It
/// is bounded: when it is full, records leave it at random. A record that comes with the key of
/// others takes their place: what was revised is not taught again.
public final class ReplayBuffer<T extends SpecificRecord> {

  private static final String FILE = "replay.avro";

  private final AvroCodec<T> codec;
  private final Function<T, String> key;
  private final int capacity;
  private final List<T> records = new ArrayList<>();

  /// An empty buffer.
  public ReplayBuffer(AvroCodec<T> codec, Function<T, String> key, int capacity) {
    this.codec = codec;
    this.key = key;
    this.capacity = capacity;
  }

  public int size() {
    return records.size();
  }

  /// Up to `count` records that do not have one of the keys, drawn without repetition.
  public List<T> sample(int count, Set<String> withoutKeys, Random random) {
    List<T> drawn = new ArrayList<>(records);
    drawn.removeIf(record -> withoutKeys.contains(key.apply(record)));
    Collections.shuffle(drawn, random);
    return List.copyOf(drawn.subList(0, Math.min(Math.max(count, 0), drawn.size())));
  }

  /// Takes the records of a window.
  public void add(Collection<T> newer, Random random) {
    Set<String> keys = new HashSet<>();
    newer.forEach(record -> keys.add(key.apply(record)));
    records.removeIf(record -> keys.contains(key.apply(record)));
    records.addAll(newer);
    while (records.size() > capacity) {
      // The order within the buffer has no meaning: the last one fills the hole.
      T last = records.removeLast();
      int leaves = random.nextInt(records.size() + 1);
      if (leaves < records.size()) {
        records.set(leaves, last);
      }
    }
  }

  /// Writes the records into the trainer's state folder.
  public void save(Path stateFolder) {
    Path file = stateFolder.resolve(FILE);
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      out.writeInt(records.size());
      for (T record : records) {
        byte[] bytes = codec.encode(record);
        out.writeInt(bytes.length);
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new RetriableFault("replay buffer " + file + " cannot be written: " + e, e);
    }
  }

  /// Reads what [#save] wrote in place of what is held.
  public void load(Path stateFolder) {
    Path file = stateFolder.resolve(FILE);
    records.clear();
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        records.add(codec.decode(in.readNBytes(in.readInt())));
      }
    } catch (IOException | MalformedRecordException e) {
      throw new FatalFault("replay buffer " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /// How many records to replay beside `fresh` new ones for a share of all that train.
  public static int countFor(int fresh, double share) {
    return (int) Math.round(fresh * share / (1 - share));
  }
}
