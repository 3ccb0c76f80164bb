package dev.tidemill.curator.domain.near;

import java.util.TreeMap;

/// Entries on the heap, which outlive an index.
final class MapStorage implements NearIndex.Storage {
  final TreeMap<Integer, byte[]> entries = new TreeMap<>();

  @Override
  public void put(int slot, byte[] entry) {
    entries.put(slot, entry);
  }

  @Override
  public void delete(int slot) {
    entries.remove(slot);
  }

  @Override
  public void each(Visitor visitor) {
    entries.forEach(visitor::visit);
  }
}
