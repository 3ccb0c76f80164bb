/// The contracts between services: topics, their records' wire form, and the ids they share. The
/// records themselves are generated from `src/main/avro` into `dev.tidemill.events`.
@NullMarked
package dev.tidemill.schemas;

import org.jspecify.annotations.NullMarked;
