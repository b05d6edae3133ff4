package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of ports, in the order of their addresses.
 *
 * @param next the {@code cursor} of the page after this one; absent on the last
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PortPage(List<PortView> ports, @Nullable String next) {
    public PortPage {
        ports = List.copyOf(ports);
    }
}
