package io.portolan.topology.floating;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param next the {@code cursor} of the page after this one; absent on the last */
@JsonInclude(JsonInclude.Include.NON_NULL)
record FloatingIpPage(
        List<FloatingIpView> floatingIps, @Nullable String next) {}
