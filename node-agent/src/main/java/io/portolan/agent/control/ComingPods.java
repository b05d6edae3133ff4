package io.portolan.agent.control;

/** Pods that are scheduled to this node and have no port yet. */
public interface ComingPods {
    /** Where nobody tells. */
    ComingPods UNKNOWN = () -> 0;

    int count();
}
