/// The HTTP side and the Kafka side of the gateway.
@NullMarked
package dev.tidemill.ingest.io;

import org.jspecify.annotations.NullMarked;
