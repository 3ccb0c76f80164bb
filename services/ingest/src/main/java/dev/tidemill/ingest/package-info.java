/// The HTTP gateway: what producers push over HTTP becomes records of the raw topics, and is
/// acknowledged only once the broker has it.
@NullMarked
package dev.tidemill.ingest;

import org.jspecify.annotations.NullMarked;
