/// What keeps feedback from being poisoned cheaply: pure decisions, no Kafka.
@NullMarked
package dev.tidemill.curator.guard;

import org.jspecify.annotations.NullMarked;
