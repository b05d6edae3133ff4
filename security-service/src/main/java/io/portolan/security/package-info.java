/**
 * security-service: what pods' ports let through. It owns security profiles, the sets of them that ports are in, and pools of
 * ports that wait in a set.
 *
 * <p>A request about profiles and pools only writes the ledger; loops make it so. A binding is the exception: its caller is a
 * node where a pod waits, so it is written to the ledger, then to the network, and answered then. What a crash leaves between
 * the two is finished by a loop. {@code DESIGN.md} has the promises.
 */
@NullMarked
package io.portolan.security;

import org.jspecify.annotations.NullMarked;
