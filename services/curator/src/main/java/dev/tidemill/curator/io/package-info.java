/// The Streams topology around the decisions: processors, state stores, wire forms of the state.
@NullMarked
package dev.tidemill.curator.io;

import org.jspecify.annotations.NullMarked;
