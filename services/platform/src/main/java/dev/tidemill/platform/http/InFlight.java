package dev.tidemill.platform.http;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts the requests under way and lets no new ones in once draining has begun.
final class InFlight implements Filter {

  private static final Logger log = LoggerFactory.getLogger(InFlight.class);

  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int count;
  private boolean draining;

  InFlight(String name) {
    this.name = name;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    enter();
    try {
      chain.proceed();
    } finally {
      leave();
    }
  }

  int count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  void drain(Duration limit) {
    long left = limit.toNanos();
    lock.lock();
    try {
      draining = true;
      while (count > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
      if (count > 0) {
        log.warn(
            "{}: {} requests were still under way after {} s and are cut off",
            name,
            count,
            TimeUnit.NANOSECONDS.toSeconds(limit.toNanos()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void enter() {
    lock.lock();
    try {
      if (draining) {
        throw Problem.unavailable("the server is stopping", Duration.ofSeconds(1));
      }
      count++;
    } finally {
      lock.unlock();
    }
  }

  private void leave() {
    lock.lock();
    try {
      count--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
