/// The whole of Tidemill in one process: an embedded broker, every service, and the demo stream
/// that teaches a small model Kafka's configuration reference, lets the world change, and measures
/// what follows.
@NullMarked
package dev.tidemill.quickstart;

import org.jspecify.annotations.NullMarked;
