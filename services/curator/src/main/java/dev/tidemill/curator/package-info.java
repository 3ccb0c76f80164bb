/// The curator: a Kafka Streams application that turns raw records into examples, curated
/// documents, holdout and dead letters.
@NullMarked
package dev.tidemill.curator;

import org.jspecify.annotations.NullMarked;
