package dev.tidemill.client;

/// Something that is pushed to the gateway.
public sealed interface Push permits Document, Demonstration, Feedback, Erasure {}
