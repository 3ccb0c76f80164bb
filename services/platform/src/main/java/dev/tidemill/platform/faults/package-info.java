/// Errors named by what the caller should do: retry, reject, stop.
@NullMarked
package dev.tidemill.platform.faults;

import org.jspecify.annotations.NullMarked;
