# The base of tidemill/services with an allocator that keeps large tensors, and an engine that keeps
# fewer kernels (see infra/allocator.sh).
FROM eclipse-temurin:25-jdk
RUN apt-get update \
  && apt-get install -y --no-install-recommends libjemalloc2 \
  && rm -rf /var/lib/apt/lists/*
ENV LD_PRELOAD=libjemalloc.so.2 \
    MALLOC_CONF=thp:default,metadata_thp:auto,dirty_decay_ms:10000,muzzy_decay_ms:10000,oversize_threshold:0 \
    ONEDNN_PRIMITIVE_CACHE_CAPACITY=256
