package io.portolan.ipam.history;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.IpAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened to an address, the latest first.
 *
 * @param next the {@code cursor} of the page after this one; absent on the last
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record AddressHistory(
        IpAddress address,
        List<AddressEvent> events,
        @Nullable String next) {
    AddressHistory {
        events = List.copyOf(events);
    }

    AddressHistory withoutNext() {
        return new AddressHistory(address, events, null);
    }
}
