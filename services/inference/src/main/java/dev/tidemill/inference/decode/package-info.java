/// The one thread that decodes, and the sequences it decodes for.
@NullMarked
package dev.tidemill.inference.decode;

import org.jspecify.annotations.NullMarked;
