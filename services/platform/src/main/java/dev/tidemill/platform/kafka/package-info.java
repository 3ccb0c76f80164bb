/// Kafka clients with one set of defaults, typed topics, compacted tables, topic creation.
@NullMarked
package dev.tidemill.platform.kafka;

import org.jspecify.annotations.NullMarked;
