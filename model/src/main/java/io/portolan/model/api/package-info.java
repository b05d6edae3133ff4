/**
 * What Portolan's own parts say to each other over HTTP: the node agent to topology-service, ipam-service and security-service, and
 * topology-service to ipam-service. One definition for both ends, so that they cannot drift apart; the checked-in
 * OpenAPI documents are the same for everybody else.
 *
 * <p>A record here grows by optional fields only: agents of the previous release are always about.
 */
@NullMarked
package io.portolan.model.api;

import org.jspecify.annotations.NullMarked;
