# Sourced: sets JAVA25 to the java of a JDK 25, wherever this machine keeps one, and JVM_FLAGS to what
# every JVM of ours is started with, as in the parent POM.
find_java25() {
  local candidate
  for candidate in "${JAVA_HOME:-/nonexistent}/bin/java" "$(command -v java || true)" \
    /usr/lib/jvm/*/bin/java /opt/*/bin/java \
    "$HOME"/.sdkman/candidates/java/*/bin/java "$HOME"/.jdks/*/bin/java \
    /Library/Java/JavaVirtualMachines/*/Contents/Home/bin/java; do
    if [ -x "$candidate" ] && "$candidate" -version 2>&1 | head -1 | grep -q '"25[."]'; then
      echo "$candidate"
      return
    fi
  done
}
JAVA25="$(find_java25)"
if [ -z "$JAVA25" ]; then
  echo "Tidemill needs a JDK 25; none was found in JAVA_HOME, on the PATH or in the usual places." >&2
  exit 1
fi
# shellcheck disable=SC2034 # for whoever sources this
JVM_FLAGS=(--enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector --sun-misc-unsafe-memory-access=allow -XX:+UseCompactObjectHeaders)
# The curator also gets the parallel collector: it keeps a gigabyte of state and more on the heap, which
# G1 marks again and again, finding nothing to free.
# shellcheck disable=SC2034
CURATOR_FLAGS=(-XX:+UseParallelGC)
