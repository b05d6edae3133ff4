package io.portolan.agent.security;

import java.time.Duration;

/**
 * How ports come into security profiles; {@code docs/node-agent.md} describes each.
 *
 * @param pollEvery how often security-service is asked for its catalogue
 * @param settle how long a port is left shut between two sets where the network does not say when it has carried out a change
 * @param bindDeadline how long a pod waits until its port is in its profiles
 * @param poolMost how many free ports may wait in a set that was learned
 * @param poolHalfLife after what time half of a set's use is forgotten
 */
public record SecuritySettings(
        Duration pollEvery, Duration settle, Duration bindDeadline, int poolMost, Duration poolHalfLife) {
    public SecuritySettings {
        if (!pollEvery.isPositive()
                || settle.isNegative()
                || !bindDeadline.isPositive()
                || !poolHalfLife.isPositive()) {
            throw new IllegalArgumentException(
                    "the times of portolan.agent.security are positive; settle may be nothing");
        }
        if (poolMost < 0 || poolMost > 256) {
            throw new IllegalArgumentException(
                    "portolan.agent.security.pool-most is between 0 and 256, not " + poolMost);
        }
    }
}
