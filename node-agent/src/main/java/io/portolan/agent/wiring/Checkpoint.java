package io.portolan.agent.wiring;

/** Told each side effect just after it happened, so that a test can end the agent between any two. */
@FunctionalInterface
public interface Checkpoint {
    Checkpoint NONE = ignored -> {};

    void passed(String step);
}
