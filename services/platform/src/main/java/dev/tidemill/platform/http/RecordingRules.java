package dev.tidemill.platform.http;

import io.helidon.http.HttpPrologue;
import io.helidon.http.Method;
import io.helidon.webserver.http.HttpRoute;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import java.util.ArrayList;
import java.util.List;

/// Passes rules on and remembers the routes, so that a path that exists for other methods can be
/// answered 405 with those methods instead of 404. Routes of services registered under a path are
/// not looked into.
final class RecordingRules implements HttpRules {

  private static final List<Method> METHODS =
      List.of(Method.GET, Method.HEAD, Method.POST, Method.PUT, Method.PATCH, Method.DELETE);

  private final HttpRules rules;
  private final List<HttpRoute> routes = new ArrayList<>();

  RecordingRules(HttpRules rules) {
    this.rules = rules;
  }

  @Override
  public HttpRules register(HttpService... services) {
    rules.register(services);
    return this;
  }

  @Override
  public HttpRules register(String path, HttpService... services) {
    rules.register(path, services);
    return this;
  }

  @Override
  public HttpRules route(HttpRoute route) {
    routes.add(route);
    rules.route(route);
    return this;
  }

  /// The methods that the path of this request answers; empty when there is no such path.
  List<String> methods(HttpPrologue asked) {
    return METHODS.stream().filter(method -> accepts(asked, method)).map(Method::text).toList();
  }

  private boolean accepts(HttpPrologue asked, Method method) {
    HttpPrologue other =
        HttpPrologue.create(
            asked.rawProtocol(),
            asked.protocol(),
            asked.protocolVersion(),
            method,
            asked.uriPath(),
            asked.query(),
            asked.fragment());
    return routes.stream().anyMatch(route -> route.accepts(other).accepted());
  }
}
