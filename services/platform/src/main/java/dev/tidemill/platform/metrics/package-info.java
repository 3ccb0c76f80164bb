/// The meter registry every service writes to, and what is measured of every process.
@NullMarked
package dev.tidemill.platform.metrics;

import org.jspecify.annotations.NullMarked;
