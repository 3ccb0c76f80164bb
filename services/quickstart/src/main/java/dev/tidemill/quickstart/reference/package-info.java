/// Kafka's configuration reference as the quickstart teaches it: read from the jars, rendered as
/// text.
@NullMarked
package dev.tidemill.quickstart.reference;

import org.jspecify.annotations.NullMarked;
