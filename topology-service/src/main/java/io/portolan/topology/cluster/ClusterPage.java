package io.portolan.topology.cluster;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param next the {@code cursor} of the page after this one; absent on the last */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ClusterPage(List<ClusterView> clusters, @Nullable String next) {}
