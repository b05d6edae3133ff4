package io.portolan.topology.cluster;

import io.portolan.model.SubnetSizing;
import io.portolan.model.WarmTarget;
import java.time.Duration;

/**
 * How a node is sized and supplied, by its class or else by its cluster.
 *
 * @param furtherPods a further subnet has room for so many pods at least
 * @param subnetIdle a subnet that the node could do without for so long is offered back; zero is never
 */
public record NodeSettings(SubnetSizing sizing, WarmTarget warm, int furtherPods, Duration subnetIdle) {}
