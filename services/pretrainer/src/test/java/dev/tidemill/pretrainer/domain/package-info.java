@NullMarked
package dev.tidemill.pretrainer.domain;

import org.jspecify.annotations.NullMarked;
