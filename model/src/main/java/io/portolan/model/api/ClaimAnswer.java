package io.portolan.model.api;

import java.util.List;

/** The ports that a claim leased: at least one, at most as many as asked. */
public record ClaimAnswer(List<PortView> ports) {
    public ClaimAnswer {
        ports = List.copyOf(ports);
    }
}
