/// Training on the native engine, files, the judgement of bases.
@NullMarked
package dev.tidemill.pretrainer.io;

import org.jspecify.annotations.NullMarked;
