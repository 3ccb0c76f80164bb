/// Ordered start and stop, and the named thread that runs a service's loop.
@NullMarked
package dev.tidemill.platform.lifecycle;

import org.jspecify.annotations.NullMarked;
