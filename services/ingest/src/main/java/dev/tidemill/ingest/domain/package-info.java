/// From JSON to records, purely: each body becomes records, or a rejection that names the field.
@NullMarked
package dev.tidemill.ingest.domain;

import org.jspecify.annotations.NullMarked;
