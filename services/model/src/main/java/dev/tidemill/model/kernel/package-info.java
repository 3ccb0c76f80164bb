/// Decoding few rows at a time, in Java: one row's products read every weight once and compute next
/// to nothing, so what counts is that memory is read as fast as it can be. Vectors are the JDK's
/// incubating Vector API; where a process was started without it, the program decodes.
@NullMarked
package dev.tidemill.model.kernel;

import org.jspecify.annotations.NullMarked;
