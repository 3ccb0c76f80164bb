# Sourced with `root` set to the checkout: builds what is missing or out of date, and sets CLASS_PATH
# (every module) and what java25.sh sets, for starting a program of ours.
class_path_file="$root/services/quickstart/target/classpath"
quickstart_jar="$root/services/quickstart/target/tidemill-quickstart-0.1.0-SNAPSHOT.jar"

# shellcheck source=java25.sh
source "$root/infra/java25.sh"

out_of_date() {
  [ ! -f "$class_path_file" ] || [ ! -f "$quickstart_jar" ] ||
    [ -n "$(find "$root/pom.xml" "$root/schemas" "$root/services" -newer "$class_path_file" \
      \( -path '*/src/main/*' -o -name pom.xml \) -not -path '*/target/*' -type f -print -quit)" ]
}

if out_of_date; then
  command -v mvn >/dev/null || { echo "Maven (mvn) is needed to build, and is not on the PATH" >&2; exit 1; }
  echo "Building (only when something changed) ..." >&2
  build_log="$(mktemp)"
  if ! (cd "$root" && mvn -B -q -T 2 -Pquick -pl services/quickstart -am package) >"$build_log" 2>&1; then
    cat "$build_log" >&2
    echo "The build failed; its output is above." >&2
    exit 1
  fi
  rm -f "$build_log"
fi

CLASS_PATH="$quickstart_jar:$(cat "$class_path_file")"

# shellcheck source=allocator.sh
source "$root/infra/allocator.sh"
