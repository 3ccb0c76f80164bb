/// Identifiers, injected so that tests can choose them.
@NullMarked
package dev.tidemill.platform.ids;

import org.jspecify.annotations.NullMarked;
