package io.portolan.ipam.pool;

import io.portolan.ipam.port.CountsRow;
import io.portolan.model.Cidr;

interface PoolRow extends CountsRow {
    String getName();

    String getCidr();

    int getSubnets();

    long getAddressesInSubnets();

    default PoolView view() {
        Cidr cidr = Cidr.parse(getCidr());
        return new PoolView(getName(), cidr, cidr.size(), getSubnets(), getAddressesInSubnets(), counts());
    }
}
