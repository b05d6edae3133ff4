package io.portolan.model.api;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.SubnetId;

/**
 * A subnet of a node.
 *
 * @param ordinal the caller's key for it within the node: 0 is the one made when the node joins
 */
public record SubnetView(SubnetId id, int ordinal, Cidr cidr, IpAddress gateway, MacAddress gatewayMac) {}
