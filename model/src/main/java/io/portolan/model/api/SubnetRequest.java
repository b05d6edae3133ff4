package io.portolan.model.api;

/** {@code PUT /v1/nodes/{node}/subnets/{ordinal}}: a subnet of this prefix length, with a planned port an address. */
public record SubnetRequest(int prefixLength) {}
