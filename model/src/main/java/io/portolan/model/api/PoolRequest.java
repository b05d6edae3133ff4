package io.portolan.model.api;

import io.portolan.model.Cidr;

/** {@code PUT /v1/clusters/{cluster}/pools/{pool}}: addresses to cut subnets from. */
public record PoolRequest(Cidr cidr) {}
