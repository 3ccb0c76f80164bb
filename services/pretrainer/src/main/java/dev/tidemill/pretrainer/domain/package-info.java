/// How documents become sequences, without Kafka or files.
@NullMarked
package dev.tidemill.pretrainer.domain;

import org.jspecify.annotations.NullMarked;
