package io.portolan.agent.security;

import io.portolan.model.NodeId;
import io.portolan.model.api.BindingRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the agent asks of security-service. */
public interface SecurityCalls {
    /** What became of a question. */
    sealed interface Read {
        record Unchanged() implements Read {}

        /** @param body as it came */
        record Changed(String tag, String body) implements Read {}

        record Failed(String why) implements Read {}
    }

    /** What became of a change. */
    sealed interface Bound {
        /** @param mark the configuration that the node has to carry out; null where it cannot tell */
        record Done(@Nullable Long mark) implements Bound {}

        /** @param problem the last part of the problem's type */
        record Refused(String problem, String detail) implements Bound {}

        /** Not done, or not known to be. Asking again is right. */
        record Failed(String why) implements Bound {}
    }

    /** @param tag of what is known already */
    Read read(NodeId node, @Nullable String tag);

    /** For the node as it is registered now. */
    Bound bind(List<BindingRequest.Binding> bindings);
}
