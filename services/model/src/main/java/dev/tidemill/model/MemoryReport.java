package dev.tidemill.model;

/// What this module holds in native memory.
///
/// @param liveTensors tensors that nobody has closed yet
/// @param liveBytes their size
public record MemoryReport(long liveTensors, long liveBytes) {}
