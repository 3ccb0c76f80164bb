/// Training on the native engine, files, the judgement of adapters.
@NullMarked
package dev.tidemill.tuner.io;

import org.jspecify.annotations.NullMarked;
