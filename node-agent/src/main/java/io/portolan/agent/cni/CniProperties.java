package io.portolan.agent.cni;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How pods are served; {@code docs/cni.md} describes each.
 *
 * @param socket where the plugin's program finds the agent; its directory becomes root's alone
 * @param queue the directory of the DELs that could not be done when they came
 * @param type the name that the plugin is installed under, which every network configuration names
 * @param concurrency ADDs that are worked on at once, and as many other calls
 * @param addTimeout how long an ADD waits for a port; shorter than the caller's patience
 * @param preplumbed free ports that are kept wired
 * @param collect whether anything is released that no DEL came for
 * @param collectAfter how long apart two GCs must both miss an attachment whose namespace is there
 * @param collectGoneAfter how long a sandbox must have been seen gone until its port is released, without any GC
 * @param rescan how often the queue and the free ports are looked at
 * @param mtu of a pod's interface until the control plane has said
 */
@ConfigurationProperties(prefix = "portolan.cni", ignoreUnknownFields = false)
public record CniProperties(
        @DefaultValue("/run/portolan/cni.sock") Path socket,
        @DefaultValue("/var/lib/portolan/cni-queue") Path queue,
        @DefaultValue("portolan-cni") String type,
        @DefaultValue("32") int concurrency,
        @DefaultValue("20s") Duration addTimeout,
        @DefaultValue("8") int preplumbed,
        @DefaultValue("true") boolean collect,
        @DefaultValue("5m") Duration collectAfter,
        @DefaultValue("30s") Duration collectGoneAfter,
        @DefaultValue("5s") Duration rescan,
        @DefaultValue("1400") int mtu) {
    public CniProperties {
        if (concurrency < 1 || preplumbed < 0 || !rescan.isPositive() || addTimeout.isNegative()) {
            throw new IllegalArgumentException(
                    "concurrency and rescan are positive, preplumbed and add-timeout not negative");
        }
    }
}
