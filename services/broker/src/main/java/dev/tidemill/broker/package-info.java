/// A Kafka broker and controller in one JVM, for one machine: the quickstart's and the tests'.
@NullMarked
package dev.tidemill.broker;

import org.jspecify.annotations.NullMarked;
