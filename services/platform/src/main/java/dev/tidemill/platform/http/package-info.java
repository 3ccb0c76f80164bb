/// HTTP servers with problem details, strict JSON bodies, and the admin server.
@NullMarked
package dev.tidemill.platform.http;

import org.jspecify.annotations.NullMarked;
