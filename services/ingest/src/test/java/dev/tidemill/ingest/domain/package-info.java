@NullMarked
package dev.tidemill.ingest.domain;

import org.jspecify.annotations.NullMarked;
