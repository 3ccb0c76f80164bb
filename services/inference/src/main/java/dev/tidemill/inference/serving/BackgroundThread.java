package dev.tidemill.inference.serving;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the calling thread give way to others where cores are wanted: loading a release is not to
/// delay anybody's next token. Linux alone has priorities of single threads that Java's do not
/// reach; elsewhere nothing happens.
final class BackgroundThread {
  /// A tenth of the time that an ordinary thread gets, when both want the same core.
  static final int NICENESS = 10;

  private static final Logger log = LoggerFactory.getLogger(BackgroundThread.class);

  /// Of `setpriority`: the calling thread.
  private static final int PRIO_PROCESS = 0;

  private static final int SELF = 0;

  private BackgroundThread() {}

  /// The calling thread must be a platform thread.
  static void giveWay() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    try {
      MethodHandle setPriority =
          linker.downcallHandle(
              linker.defaultLookup().find("setpriority").orElseThrow(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT));
      int failed = (int) setPriority.invokeExact(PRIO_PROCESS, SELF, NICENESS);
      if (failed != 0) {
        log.info("loading releases competes with decoding: the system refused a lower priority");
      }
    } catch (Throwable e) {
      log.info("loading releases competes with decoding: no lower priority is to be had", e);
    }
  }
}
