# Sourced: bounds what the engine keeps, and preloads an allocator that keeps large tensors, which makes
# training about twice as fast as glibc's, when the system has one; says so when it has not.
find_library() {
  local folder
  for folder in /usr/lib/*-linux-gnu /usr/lib64 /usr/lib /usr/local/lib; do
    if [ -e "$folder/$1" ]; then
      echo "$folder/$1"
      return
    fi
  done
}
# Huge pages are left to the system: asked for by the allocator, they make nothing faster here, and
# what it gives back of them the system fills up again when it likes.
if [ -z "${LD_PRELOAD:-}" ]; then
  jemalloc="$(find_library libjemalloc.so.2)"
  tcmalloc="$(find_library libtcmalloc_minimal.so.4)"
  if [ -n "$jemalloc" ]; then
    export LD_PRELOAD="$jemalloc"
    export MALLOC_CONF="${MALLOC_CONF:-thp:default,metadata_thp:auto,dirty_decay_ms:10000,muzzy_decay_ms:10000,oversize_threshold:0}"
  elif [ -n "$tcmalloc" ]; then
    export LD_PRELOAD="$tcmalloc"
  else
    echo "Note: neither libjemalloc2 nor libtcmalloc-minimal4 is installed; training is slower without." >&2
  fi
fi
# The engine keeps the last kernels it made, each for one shape, 1,024 unless told: some 0.16 MiB
# each, so a process that meets many shapes grows for hundreds of steps.
export ONEDNN_PRIMITIVE_CACHE_CAPACITY="${ONEDNN_PRIMITIVE_CACHE_CAPACITY:-256}"
