/// What the curator decides: validation, normalisation, the join, damping, the holdout split. Pure.
@NullMarked
package dev.tidemill.curator.domain;

import org.jspecify.annotations.NullMarked;
