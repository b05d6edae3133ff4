package io.portolan.topology.node;

import io.portolan.model.ClusterId;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.SubnetSizing;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeRegistration.Demand;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** A registered node as the ledger has it. Written by the repository's statements, never through the entity. */
@Entity
@Immutable
@Table(name = "node")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
class Node {
    @Id
    private UUID id;

    @Column(name = "cluster_id")
    private UUID clusterId;

    private String name;
    private int cpus;

    @Column(name = "memory_mib")
    private int memoryMib;

    @Column(name = "max_pods")
    private int maxPods;

    private @Nullable String chassis;

    @Column(name = "parent_port")
    private @Nullable String parentPort;

    @Column(name = "node_class")
    private @Nullable String nodeClass;

    private UUID agent;
    private long epoch;
    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "state_problem")
    private @Nullable String stateProblem;

    @Column(name = "force_drain")
    private boolean forceDrain;

    @Column(name = "last_seen")
    private Instant lastSeen;

    @Column(name = "ports_used")
    private @Nullable Integer portsUsed;

    @Column(name = "ports_pending")
    private @Nullable Integer portsPending;

    @Column(name = "surplus_since")
    private @Nullable Instant surplusSince;

    protected Node() {}

    NodeId id() {
        return new NodeId(id);
    }

    ClusterId cluster() {
        return new ClusterId(clusterId);
    }

    NodeName name() {
        return new NodeName(name);
    }

    int cpus() {
        return cpus;
    }

    int memoryMiB() {
        return memoryMib;
    }

    int maxPods() {
        return maxPods;
    }

    @Nullable String chassis() {
        return chassis;
    }

    @Nullable String parentPort() {
        return parentPort;
    }

    @Nullable String nodeClass() {
        return nodeClass;
    }

    UUID agent() {
        return agent;
    }

    long epoch() {
        return epoch;
    }

    String state() {
        return state;
    }

    boolean isDraining() {
        return state.equals("draining");
    }

    boolean isFenced() {
        return state.equals("fenced");
    }

    @Nullable String stateReason() {
        return stateReason;
    }

    @Nullable String stateProblem() {
        return stateProblem;
    }

    boolean forceDrain() {
        return forceDrain;
    }

    Instant lastSeen() {
        return lastSeen;
    }

    /** By the agent's word; null where it does not say. */
    @Nullable Demand demand() {
        return portsUsed == null || portsPending == null ? null : new Demand(portsUsed, portsPending);
    }

    /** Whether it could do without one of its further subnets at the last look. */
    boolean hadSurplus() {
        return surplusSince != null;
    }

    boolean sits(NodeRegistration on) {
        return Objects.equals(chassis, on.chassis()) && Objects.equals(parentPort, on.parentPort());
    }

    boolean says(NodeRegistration again) {
        return sits(again)
                && cpus == again.cpus()
                && memoryMib == again.memoryMiB()
                && maxPods == again.maxPods()
                && Objects.equals(nodeClass, again.nodeClass())
                && agent.equals(again.agent());
    }

    int prefixLength(SubnetSizing sizing) {
        return sizing.prefixLength(cpus, memoryMib, maxPods);
    }
}
