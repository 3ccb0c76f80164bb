/// HTTP and Kafka: the OpenAI API, completion records, replica records.
@NullMarked
package dev.tidemill.inference.io;

import org.jspecify.annotations.NullMarked;
