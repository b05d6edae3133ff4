package io.portolan.ovsdb;

/**
 * What a client did since it was opened.
 *
 * @param transactions answered by the server, or sent without an answer
 * @param refused of them, refused by the server
 * @param unknown of them, without an answer
 * @param connects connections that became usable; all but the first are reconnects
 * @param failedConnects attempts that found no usable server
 * @param updates of replicas, each one transaction of the server as a rule
 * @param resyncs loads of a replica from nothing, the initial one included
 */
public record Counters(
        long transactions,
        long refused,
        long unknown,
        long connects,
        long failedConnects,
        long updates,
        long resyncs) {}
