@NullMarked
package dev.tidemill.ingest;

import org.jspecify.annotations.NullMarked;
