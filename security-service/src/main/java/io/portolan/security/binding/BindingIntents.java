package io.portolan.security.binding;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.portolan.kit.problem.Invalid;
import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.PodRef;
import io.portolan.model.PortId;
import io.portolan.model.ProfileId;
import io.portolan.model.api.BindingRequest;
import io.portolan.model.api.BindingRequest.Binding;
import io.portolan.security.binding.BindingRepository.PortRow;
import io.portolan.security.binding.Groups.Group;
import io.portolan.security.cluster.Clusters;
import io.portolan.security.cluster.Node;
import io.portolan.security.profile.ProfileRefused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** Judges a request to bind, and writes down what is wanted; all of it or nothing. */
@Component
class BindingIntents {
    private static final int MOST = 256;
    private static final int MOST_PROFILES = 8;

    /** Policies included. */
    private static final int MOST_A_SET = 32;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** @param ports each with the revision that has what is wanted */
    record Intent(ClusterId cluster, Map<PortId, Long> ports) {}

    /** A row of {@link BindingRepository#want}. */
    private record Wanted(
            PortId port,
            String wanted,
            @Nullable String namespace,
            @Nullable String name,
            @Nullable String uid) {}

    private final Clusters clusters;
    private final Groups groups;
    private final BindingRepository bindings;

    BindingIntents(Clusters clusters, Groups groups, BindingRepository bindings) {
        this.clusters = clusters;
        this.groups = groups;
        this.bindings = bindings;
    }

    @Transactional
    Intent write(NodeId nodeId, BindingRequest request) {
        check(request);
        Node node = clusters.fenced(nodeId, request.epoch());
        clusters.lockAmong(node.cluster());
        bindings.lockNode(nodeId.toString());
        if (!bindings.enforced(node.cluster().value())) {
            throw new BindingRefused.NotEnforced();
        }
        Map<ProfileId, Group> known = groups.of(node.cluster());
        Map<UUID, PortRow> ports = ports(request);
        for (int i = 0; i < request.bindings().size(); i++) {
            Binding binding = request.bindings().get(i);
            String field = "bindings[%d]".formatted(i);
            judge(field, nodeId, binding, ports.get(binding.port().value()), known);
            judge(field, binding, known);
        }
        bindings.want(JSON.writeValueAsString(
                request.bindings().stream().map(BindingIntents::wanted).toList()));
        Map<PortId, Long> revisions = ports(request).values().stream()
                .collect(toMap(
                        row -> new PortId(row.getId()), row -> row.getRevision() == null ? 0 : row.getRevision()));
        return new Intent(node.cluster(), revisions);
    }

    private Map<UUID, PortRow> ports(BindingRequest request) {
        return bindings
                .ports(request.bindings().stream()
                        .map(binding -> binding.port().value())
                        .toList())
                .stream()
                .collect(toMap(PortRow::getId, row -> row));
    }

    private static void check(BindingRequest request) {
        List<Binding> all = request.bindings();
        if (all.isEmpty() || all.size() > MOST) {
            throw new Invalid("bindings", "ask for 1 to %d at once, not %d".formatted(MOST, all.size()));
        }
        Set<PortId> seen = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            String field = "bindings[%d]".formatted(i);
            if (!seen.add(all.get(i).port())) {
                throw new Invalid(field + ".port", "each port once");
            }
            checkPod(field + ".pod", all.get(i).pod());
        }
    }

    private static void checkPod(String field, @Nullable PodRef pod) {
        if (pod == null) {
            return;
        }
        List<String> texts = new ArrayList<>(List.of(pod.namespace(), pod.name()));
        if (pod.uid() != null) {
            texts.add(pod.uid());
        }
        if (texts.stream().anyMatch(text -> !text.matches("[A-Za-z0-9][A-Za-z0-9_.:-]{0,252}"))) {
            throw new Invalid(field, "that is no pod");
        }
    }

    private static void judge(
            String field, NodeId node, Binding binding, @Nullable PortRow port, Map<ProfileId, Group> known) {
        if (port == null) {
            throw new BindingRefused.UnknownPort(field + ".port", binding.port());
        }
        boolean closing = binding.profiles().isEmpty();
        if (!port.getNode().equals(node.value()) || (!closing && !port.getHeld())) {
            throw new BindingRefused.NotHeld(field + ".port", binding.port(), node);
        }
        List<ProfileId> wanted = Sets.parse(port.getWanted());
        if (wanted == null || closing) {
            return;
        }
        List<ProfileId> taken = Sets.parse(port.getApplied());
        boolean same = wanted.equals(binding.profiles()) && (taken == null || taken.isEmpty() || taken.equals(wanted));
        boolean closed = wanted.isEmpty() && taken != null && taken.isEmpty();
        boolean narrowed = !profiles(wanted, known).isEmpty()
                && profiles(wanted, known).equals(profiles(binding.profiles(), known))
                && (taken == null || taken.isEmpty() || profiles(taken, known).equals(profiles(wanted, known)));
        if (!same && !closed && !narrowed) {
            throw new BindingRefused.InOthers(
                    field + ".profiles", binding.port(), wanted.isEmpty() && taken != null ? taken : wanted);
        }
    }

    /** The set without the policies that narrow it: what they change is right before and after. */
    private static Set<ProfileId> profiles(List<ProfileId> set, Map<ProfileId, Group> known) {
        return set.stream().filter(id -> !isPolicy(known.get(id))).collect(toSet());
    }

    private static boolean isPolicy(@Nullable Group group) {
        return group != null && group.isPolicy();
    }

    private static void judge(String field, Binding binding, Map<ProfileId, Group> known) {
        int profiles = profiles(binding.profiles(), known).size();
        if (profiles > MOST_PROFILES) {
            throw new ProfileRefused.TooMany(field + ".profiles", profiles, MOST_PROFILES);
        }
        if (binding.profiles().size() > MOST_A_SET) {
            throw new ProfileRefused.TooMany(
                    field + ".profiles", binding.profiles().size(), MOST_A_SET);
        }
        for (int i = 0; i < binding.profiles().size(); i++) {
            String member = "%s.profiles[%d]".formatted(field, i);
            ProfileId id = binding.profiles().get(i);
            Group profile = known.get(id);
            if (profile == null || profile.isDeleting()) {
                throw new ProfileRefused.Unknown(member, id.toString());
            }
            PodRef pod = binding.pod();
            if (pod != null && !profile.admits(pod.namespace())) {
                throw new BindingRefused.NotAllowed(member, profile.name(), pod.namespace());
            }
            if (!profile.isReady()) {
                throw new BindingRefused.NotReady(member, profile.name());
            }
        }
    }

    private static Wanted wanted(Binding binding) {
        PodRef pod = binding.pod();
        return new Wanted(
                binding.port(),
                Sets.text(binding.profiles()),
                pod == null ? null : pod.namespace(),
                pod == null ? null : pod.name(),
                pod == null ? null : pod.uid());
    }
}
