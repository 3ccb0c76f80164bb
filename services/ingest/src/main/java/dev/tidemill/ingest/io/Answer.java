package dev.tidemill.ingest.io;

/// An answer as it is sent, and as it is remembered for a repeated idempotency key.
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
record Answer(int status, String contentType, byte[] body) {}
