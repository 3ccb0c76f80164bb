package dev.tidemill.ingest.domain;

import java.time.Instant;
import java.util.function.IntFunction;

/// What is known of a request beside its body.
///
/// @param producer the system that pushes
/// @param at when it came; the event time of records that name none
/// @param ids gives the id of the record at a position, where the record names none itself
public record Arrival(String producer, Instant at, IntFunction<String> ids) {}
