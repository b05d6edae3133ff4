package io.portolan.agent.wiring;

import java.nio.file.Path;

/** Where a pod's end of a wire belongs: a network namespace and the interface's name in it. */
public record Sandbox(Path namespace, String interfaceName) {}
