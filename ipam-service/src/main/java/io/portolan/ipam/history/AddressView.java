package io.portolan.ipam.history;

import io.portolan.model.IpAddress;
import io.portolan.model.api.PortView;

/** An address and the port that has it now. */
record AddressView(IpAddress address, PortView port) {}
