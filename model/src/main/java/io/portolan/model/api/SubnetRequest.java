package io.portolan.model.api;

import org.jspecify.annotations.Nullable;

/**
 * {@code PUT /v1/nodes/{node}/subnets/{ordinal}}: a subnet with a planned port an address.
 *
 * @param prefixLength of the subnet that is wanted
 * @param longest of the smallest that would do where there is no room for it; absent: that and no other
 */
public record SubnetRequest(int prefixLength, @Nullable Integer longest) {
    public SubnetRequest(int prefixLength) {
        this(prefixLength, null);
    }
}
