/// Generation with a key-value cache, one sequence or many interleaved, each with its own
/// adapter.
@NullMarked
package dev.tidemill.model.generate;

import org.jspecify.annotations.NullMarked;
