package io.portolan.model.api;

import io.portolan.model.IpAddress;

/** One address of a port with what a pod needs to use it. A list of these makes a dual-stack port. */
public record PortAddress(IpAddress address, int prefixLength, IpAddress gateway) {}
