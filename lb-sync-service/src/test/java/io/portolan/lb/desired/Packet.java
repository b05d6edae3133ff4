package io.portolan.lb.desired;

/**
 * The first packet of a connection.
 *
 * @param node where the pod is that sends it; null where it comes from outside
 */
public record Packet(String node, String source, String destination, String protocol, int port) {}
