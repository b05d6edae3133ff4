package io.portolan.topology.node;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.portolan.model.api.NodeView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param next the {@code cursor} of the page after this one; absent on the last */
@JsonInclude(JsonInclude.Include.NON_NULL)
record NodePage(List<NodeView> nodes, @Nullable String next) {}
