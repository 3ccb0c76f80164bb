/// Keeps which release exists and in what state, and alone writes releases and routes.
@NullMarked
package dev.tidemill.registry;

import org.jspecify.annotations.NullMarked;
