/// What trains and what is asked of a candidate, without Kafka or files.
@NullMarked
package dev.tidemill.tuner.domain;

import org.jspecify.annotations.NullMarked;
