/// The floor all services stand on: what a service is given, and how its process is run.
@NullMarked
package dev.tidemill.platform;

import org.jspecify.annotations.NullMarked;
