package dev.tidemill.ingest.domain;

import java.time.Duration;

/// How much is taken in.
///
/// @param maxRecords most records in one request
/// @param maxRecordBytes most bytes of UTF-8 in the strings of one record
/// @param maxEventTimeAhead how far an event time may be ahead of our clock
public record Limits(int maxRecords, int maxRecordBytes, Duration maxEventTimeAhead) {}
