/// Checks of the reference against the client jars themselves.
@NullMarked
package dev.tidemill.quickstart.reference;

import org.jspecify.annotations.NullMarked;
