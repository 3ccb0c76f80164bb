/// The registry's contact with Kafka and HTTP.
@NullMarked
package dev.tidemill.registry.io;

import org.jspecify.annotations.NullMarked;
