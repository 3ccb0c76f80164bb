@NullMarked
package dev.tidemill.ingest.io;

import org.jspecify.annotations.NullMarked;
