package io.portolan.sdn;

/** @param id the router's own id in the network */
public record Router(String id) {}
