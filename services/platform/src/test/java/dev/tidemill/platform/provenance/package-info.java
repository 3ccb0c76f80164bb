@NullMarked
package dev.tidemill.platform.provenance;

import org.jspecify.annotations.NullMarked;
