/// Bodies as careless clients would send them, for the tests of the build and for the scenarios
/// alike. No service uses it.
@NullMarked
package dev.tidemill.ingest.fuzz;

import org.jspecify.annotations.NullMarked;
