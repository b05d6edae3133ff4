/**
 * TLS between Portolan's parts. {@code tls.yaml} says what the Spring profiles {@code tls} and {@code mtls} are: the SSL
 * bundle {@code portolan}, which Spring Boot reads again when its files change. Servers take it as it is; {@link
 * io.portolan.tls.PeerRequests} is the clients' part, which Spring Boot leaves to whoever makes a client.
 */
@NullMarked
package io.portolan.tls;

import org.jspecify.annotations.NullMarked;
