/// The dry run: says what the curator would do with the records of a file, without a broker.
@NullMarked
package dev.tidemill.curator.explain;

import org.jspecify.annotations.NullMarked;
