/// Content-addressed, signed, immutable artifacts.
@NullMarked
package dev.tidemill.platform.artifact;

import org.jspecify.annotations.NullMarked;
