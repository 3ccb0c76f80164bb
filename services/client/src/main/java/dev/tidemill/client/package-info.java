/// Pushes documents, demonstrations, feedback and erasures to Tidemill's gateway.
@NullMarked
package dev.tidemill.client;

import org.jspecify.annotations.NullMarked;
