package io.portolan.agent.cni;

import java.util.Optional;

/** The part of the agent that brings ports from the control plane to the cache. */
public interface PortSupply {
    /** Pods wait for ports: look for some soon. Returns at once. */
    void wanted();

    /** What the control plane said last, when that was no good news. */
    Optional<String> trouble();

    /** Why this agent must hand out no port: another one has taken its node over. Empty as a rule. */
    Optional<String> fenced();
}
