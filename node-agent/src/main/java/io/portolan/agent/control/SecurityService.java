package io.portolan.agent.control;

import io.portolan.agent.cache.NodeRecord.Registration;
import io.portolan.agent.security.SecurityCalls;
import io.portolan.model.NodeId;
import io.portolan.model.api.BindingAnswer;
import io.portolan.model.api.BindingRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;

/** What an agent asks of security-service. Only this node's loops and cold starts of pods wait for it. */
final class SecurityService implements SecurityCalls, AutoCloseable {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int SERVER_ERROR = 500;

    private final Replicas replicas;
    private final Registrar registrar;
    private final Runnable onOutdated;

    /** @param onOutdated wakes the registration */
    SecurityService(Replicas replicas, Registrar registrar, Runnable onOutdated) {
        this.replicas = replicas;
        this.registrar = registrar;
        this.onOutdated = onOutdated;
    }

    @Override
    public Read read(NodeId node, @Nullable String tag) {
        return switch (replicas.read("security", path(node, "security"), tag)) {
            case Answer.Given<Replicas.Tagged>(Replicas.Tagged given, boolean inDoubt) ->
                given.body()
                        .<Read>map(body -> new Read.Changed(given.tag(), body))
                        .orElseGet(Read.Unchanged::new);
            case Answer.Refused<Replicas.Tagged> no -> new Read.Failed("security-service: " + no.detail());
            case Answer.Silence<Replicas.Tagged>(String why, boolean inDoubt) -> new Read.Failed(why);
        };
    }

    @Override
    public Bound bind(List<BindingRequest.Binding> bindings) {
        Optional<Registration> registration = registrar.current();
        if (registration.isEmpty()) {
            onOutdated.run();
            return new Bound.Failed(registrar.trouble().orElse("the node is being registered anew"));
        }
        Registration as = registration.get();
        Answer<BindingAnswer> answer = replicas.call(
                "bind",
                HttpMethod.POST,
                path(as.id(), "bindings"),
                new BindingRequest(as.epoch(), bindings),
                BindingAnswer.class);
        return switch (answer) {
            case Answer.Given<BindingAnswer>(BindingAnswer given, boolean inDoubt) -> {
                // An earlier try at another replica may yet be done, after what follows this one.
                if (inDoubt) {
                    registrar.renew(as);
                    onOutdated.run();
                }
                yield new Bound.Done(given.mark());
            }
            case Answer.Refused<BindingAnswer> no -> refused(as, no);
            case Answer.Silence<BindingAnswer>(String why, boolean inDoubt) -> {
                if (inDoubt) {
                    registrar.renew(as);
                    onOutdated.run();
                }
                yield new Bound.Failed(why);
            }
        };
    }

    private Bound refused(Registration as, Answer.Refused<BindingAnswer> no) {
        if (no.inDoubt()) {
            registrar.renew(as);
            onOutdated.run();
        }
        if (no.problem().equals("stale-epoch") || no.problem().equals("unknown-node")) {
            registrar.outdated(as);
            onOutdated.run();
            return new Bound.Failed(no.detail());
        }
        return no.status() >= SERVER_ERROR
                        || no.status() == TOO_MANY_REQUESTS
                        || no.problem().equals("binding-overtaken")
                ? new Bound.Failed("security-service: " + no.detail())
                : new Bound.Refused(no.problem(), no.detail());
    }

    private static String path(NodeId node, String rest) {
        return "/v1/nodes/" + node + "/" + rest;
    }

    @Override
    public void close() {
        replicas.close();
    }
}
