/// The state machine of releases and routes, pure: no clock, no Kafka, no threads.
@NullMarked
package dev.tidemill.registry.domain;

import org.jspecify.annotations.NullMarked;
