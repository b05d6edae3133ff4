package io.portolan.e2e.stack;

import io.portolan.testbed.PodSandbox;
import java.util.Map;

/**
 * A machine outside of the cluster, on a network that the cluster's gateway is on; it says its name over TCP.
 *
 * @param gateway how the cluster's gateway to that network is declared
 */
public record Outside(PodSandbox sandbox, String address, Map<String, Object> gateway) {}
