package io.portolan.e2e.stack;

import io.portolan.testbed.PodSandbox;

/** A machine on the pods' network that is no node and runs no pods. */
public record Neighbour(String name, String address, PodSandbox sandbox) {}
