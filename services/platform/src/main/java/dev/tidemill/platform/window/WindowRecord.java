package dev.tidemill.platform.window;

/// A record of a window with its place.
public record WindowRecord<T>(int partition, long offset, T value) {}
