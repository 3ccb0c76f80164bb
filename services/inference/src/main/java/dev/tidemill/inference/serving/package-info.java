/// Which releases are in memory: loaded and verified off the serving thread, published as one
/// immutable table, given back when nobody holds them.
@NullMarked
package dev.tidemill.inference.serving;

import org.jspecify.annotations.NullMarked;
