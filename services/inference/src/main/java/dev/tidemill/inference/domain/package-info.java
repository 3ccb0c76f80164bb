/// What a request asks for and which arm it falls into: pure, without Kafka, HTTP or native memory.
@NullMarked
package dev.tidemill.inference.domain;

import org.jspecify.annotations.NullMarked;
