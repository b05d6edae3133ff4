package io.portolan.ipam.subnet;

import io.portolan.model.Cidr;
import io.portolan.model.IpAddress;
import io.portolan.model.MacAddress;
import io.portolan.model.SubnetId;
import io.portolan.model.SubnetState;
import io.portolan.model.api.SubnetView;
import java.util.UUID;

interface SubnetRow {
    String COLUMNS = """
             s.id as "id", s.ordinal as "ordinal", text(s.cidr) as "cidr", host(s.gateway) as "gateway",
             cast(s.gateway_mac as text) as "gatewayMac", s.state as "state"
            """;

    UUID getId();

    int getOrdinal();

    String getCidr();

    String getGateway();

    String getGatewayMac();

    String getState();

    default SubnetView view() {
        return new SubnetView(
                new SubnetId(getId()),
                getOrdinal(),
                Cidr.parse(getCidr()),
                IpAddress.parse(getGateway()),
                MacAddress.parse(getGatewayMac()),
                SubnetState.parse(getState()));
    }
}
