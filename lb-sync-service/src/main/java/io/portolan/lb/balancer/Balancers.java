package io.portolan.lb.balancer;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;

import io.portolan.model.ClusterId;
import io.portolan.model.IpAddress;
import io.portolan.model.LoadBalancerId;
import io.portolan.sdn.LoadBalancerSpec;
import io.portolan.sdn.LoadBalancerSpec.Frontend;
import io.portolan.sdn.LoadBalancerSpec.Listener;
import io.portolan.sdn.LoadBalancerSpec.Pool;
import io.portolan.sdn.LoadBalancerSpec.Reach;
import io.portolan.sdn.Transport;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionOperations;
import tools.jackson.databind.json.JsonMapper;

/**
 * What load balancers should be, and how they stand. All that a balancer should be is written together; a place that another
 * balancer of the cluster has is left to that one.
 */
@Component
public class Balancers {
    private static final int TRIES = 5;

    /**
     * A balancer of the ledger.
     *
     * @param fingerprint of what it should be, as written last
     * @param places how many of its listeners are its own
     */
    public record Standing(
            LoadBalancerId id,
            String fingerprint,
            String state,
            @Nullable IpAddress external,
            long places) {}

    /** A Service, by which a balancer is written. */
    public record Owner(ClusterId cluster, String namespace, String name, String uid) {
        public LoadBalancerId id() {
            return LoadBalancerId.of(cluster, namespace, name);
        }
    }

    private record ListenerJson(
            String ip,
            String protocol,
            int port,
            String reach,
            String spread,
            String onEmpty,
            @Nullable Long affinity,
            String sources,
            String pool) {}

    private record MemberJson(
            String pool, String ip, int port, @Nullable String node) {}

    private final BalancerRepository balancers;
    private final TransactionOperations transactions;
    private final JsonMapper json;

    Balancers(BalancerRepository balancers, TransactionOperations transactions, JsonMapper json) {
        this.balancers = balancers;
        this.transactions = transactions;
        this.json = json;
    }

    /** Changes when anything of it does. */
    public static String fingerprint(LoadBalancerSpec spec) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(spec.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    public Map<LoadBalancerId, Standing> all(ClusterId cluster) {
        Map<LoadBalancerId, Standing> all = new HashMap<>();
        balancers.all(cluster.value()).forEach(row -> {
            Standing standing = standing(row);
            all.put(standing.id(), standing);
        });
        return all;
    }

    private static Standing standing(BalancerRepository.StandingRow row) {
        String external = row.getExternal();
        return new Standing(
                new LoadBalancerId(row.getId()),
                row.getFingerprint(),
                row.getState(),
                external == null ? null : IpAddress.parse(external),
                row.getPlaces());
    }

    /** @return the places that it cannot have, because another balancer has them */
    public Set<Frontend> write(Owner owner, LoadBalancerSpec spec, String fingerprint) {
        List<ListenerJson> listeners =
                spec.listeners().stream().map(Balancers::listener).toList();
        List<MemberJson> members = spec.listeners().stream()
                .map(Listener::pool)
                .distinct()
                .flatMap(Balancers::members)
                .toList();
        String listenersText = json.writeValueAsString(listeners);
        String membersText = json.writeValueAsString(members);
        return Objects.requireNonNull(transactions.execute(status -> {
            var id = spec.id().value();
            balancers.put(id, owner.cluster().value(), owner.namespace(), owner.name(), owner.uid(), fingerprint);
            balancers.clearListeners(id);
            balancers.clearMembers(id);
            int written = listeners.isEmpty()
                    ? 0
                    : balancers.insertListeners(id, owner.cluster().value(), listenersText);
            if (!members.isEmpty()) {
                balancers.insertMembers(id, membersText);
            }
            return written == listeners.size() ? Set.of() : taken(spec);
        }));
    }

    private Set<Frontend> taken(LoadBalancerSpec spec) {
        Set<Frontend> ours = balancers.listeners(spec.id().value()).stream()
                .map(Balancers::frontend)
                .collect(toSet());
        return spec.listeners().stream()
                .map(Listener::frontend)
                .filter(frontend -> !ours.contains(frontend))
                .collect(toSet());
    }

    private static Frontend frontend(BalancerRepository.ListenerRow row) {
        return new Frontend(
                IpAddress.parse(row.getIp()),
                Transport.valueOf(row.getProtocol().toUpperCase(Locale.ROOT)),
                row.getPort(),
                Reach.valueOf(row.getReach().toUpperCase(Locale.ROOT)));
    }

    private static ListenerJson listener(Listener listener) {
        Frontend at = listener.frontend();
        return new ListenerJson(
                at.address().toString(),
                lower(at.transport()),
                at.port(),
                lower(at.reach()),
                lower(listener.spread()),
                lower(listener.onEmpty()),
                listener.affinity() == null ? null : listener.affinity().toSeconds(),
                listener.sources().stream().map(Object::toString).collect(joining(",")),
                listener.pool().name());
    }

    private static Stream<MemberJson> members(Pool pool) {
        return pool.members().stream()
                .map(member -> new MemberJson(
                        pool.name(),
                        member.address().toString(),
                        member.port(),
                        member.node() == null ? null : member.node().toString()));
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** What became of it in the network; of a balancer that should be something else by now nothing is said. */
    public void stand(LoadBalancerId id, String fingerprint, String state, @Nullable String reason) {
        balancers.stand(id.value(), fingerprint, state, reason);
    }

    /** Its external address is free again, too. */
    public void delete(LoadBalancerId id) {
        balancers.delete(id.value());
    }

    public Optional<IpAddress> external(LoadBalancerId id) {
        return balancers.external(id.value()).map(IpAddress::parse);
    }

    /** The network itself has given this address to it. */
    public void given(LoadBalancerId id, ClusterId cluster, IpAddress address) {
        transactions.executeWithoutResult(status -> {
            balancers.releaseOthers(id.value(), address.toString());
            balancers.given(id.value(), cluster.value(), address.toString());
        });
    }

    public void release(LoadBalancerId id) {
        balancers.release(id.value());
    }

    /** @return empty where there is none left, or the wanted one is another's or not the cluster's to give */
    public Optional<IpAddress> grant(Owner owner, @Nullable IpAddress wanted) {
        var id = owner.id().value();
        for (int i = 0; i < TRIES; i++) {
            transactions.executeWithoutResult(status -> {
                balancers.putEmpty(id, owner.cluster().value(), owner.namespace(), owner.name(), owner.uid());
                balancers.grant(id, owner.cluster().value(), wanted == null ? "" : wanted.toString());
            });
            Optional<IpAddress> granted = external(owner.id());
            if (granted.isPresent()) {
                return granted;
            }
        }
        return Optional.empty();
    }
}
