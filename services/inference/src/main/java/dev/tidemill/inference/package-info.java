/// The inference service: follows the routes, serves releases over the OpenAI API, records what it
/// answered.
@NullMarked
package dev.tidemill.inference;

import org.jspecify.annotations.NullMarked;
