package io.portolan.agent.wiring;

import io.portolan.model.MacAddress;
import java.util.Optional;

/** What a pod got, for the answer to its runtime. */
public record Attachment(String hostInterface, Optional<MacAddress> hostMac, int mtu) {}
