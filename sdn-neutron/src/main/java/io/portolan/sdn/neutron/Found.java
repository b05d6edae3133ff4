package io.portolan.sdn.neutron;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What Neutron has: of its attributes those that we read. */
sealed interface Found {
    String id();

    @Nullable String description();

    /** A kind of them. */
    record Kind<T extends Found>(String one, String many, Class<T> type) {
        static final Kind<SecurityGroup> SECURITY_GROUP =
                new Kind<>("security_group", "security_groups", SecurityGroup.class);
        static final Kind<SecurityRule> SECURITY_RULE =
                new Kind<>("security_group_rule", "security_group_rules", SecurityRule.class);
        static final Kind<Router> ROUTER = new Kind<>("router", "routers", Router.class);
        static final Kind<Network> NETWORK = new Kind<>("network", "networks", Network.class);
        static final Kind<Subnet> SUBNET = new Kind<>("subnet", "subnets", Subnet.class);
        static final Kind<Port> PORT = new Kind<>("port", "ports", Port.class);
        static final Kind<FloatingIp> FLOATING_IP = new Kind<>("floatingip", "floatingips", FloatingIp.class);
        static final Kind<LoadBalancer> BALANCER = new Kind<>("loadbalancer", "loadbalancers", LoadBalancer.class);
        static final Kind<Listener> LISTENER = new Kind<>("listener", "listeners", Listener.class);
        static final Kind<Pool> POOL = new Kind<>("pool", "pools", Pool.class);
        static final Kind<Member> MEMBER = new Kind<>("member", "members", Member.class);
        static final Kind<Trunk> TRUNK = new Kind<>("trunk", "trunks", Trunk.class);

        /** As a part of an address. */
        String path() {
            return many.replace('_', '-');
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record SecurityGroup(
            String id,
            @Nullable String name,
            @Nullable String description,
            @Nullable String projectId,
            @Nullable String createdAt,
            @Nullable Boolean shared,
            @Nullable List<String> tags,
            @Nullable List<SecurityRule> securityGroupRules)
            implements Found {
        Set<String> tagged() {
            return Set.copyOf(Objects.requireNonNullElse(tags, List.of()));
        }

        List<SecurityRule> rules() {
            return Objects.requireNonNullElse(securityGroupRules, List.of());
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record SecurityRule(
            String id,
            @Nullable String description,
            String securityGroupId,
            String direction,
            @Nullable String ethertype,
            @Nullable String protocol,
            @Nullable Integer portRangeMin,
            @Nullable Integer portRangeMax,
            @Nullable String remoteIpPrefix,
            @Nullable String remoteGroupId,
            @Nullable String remoteAddressGroupId)
            implements Found {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Router(
            String id,
            @Nullable String description,
            @Nullable String createdAt,
            @Nullable Gateway externalGatewayInfo,
            @Nullable List<Route> routes,
            int revisionNumber)
            implements Found {
        @JsonIgnoreProperties(ignoreUnknown = true)
        @JsonNaming(SnakeCaseStrategy.class)
        record Gateway(
                @Nullable String networkId,
                @Nullable List<FixedIp> externalFixedIps,
                @Nullable Boolean enableSnat) {}

        record Route(String destination, String nexthop) {}

        Optional<String> externalNetwork() {
            return Optional.ofNullable(externalGatewayInfo).map(Gateway::networkId);
        }

        /** Whether it hides the addresses behind it; empty where it does not say. */
        Optional<Boolean> snat() {
            return Optional.ofNullable(externalGatewayInfo).map(Gateway::enableSnat);
        }

        List<FixedIp> externalAddresses() {
            return Optional.ofNullable(externalGatewayInfo)
                    .map(Gateway::externalFixedIps)
                    .orElse(List.of());
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Network(
            String id,
            @Nullable String name,
            @Nullable String description,
            @Nullable String createdAt,
            int mtu,
            boolean adminStateUp,
            int revisionNumber)
            implements Found {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Subnet(
            String id,
            @Nullable String name,
            @Nullable String description,
            String networkId,
            String cidr,
            @Nullable String gatewayIp,
            int revisionNumber)
            implements Found {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Port(
            String id,
            @Nullable String name,
            @Nullable String description,
            String networkId,
            @Nullable String projectId,
            String macAddress,
            List<FixedIp> fixedIps,
            @Nullable String status,
            boolean adminStateUp,
            @Nullable String deviceOwner,
            @Nullable String deviceId,
            @JsonProperty("binding:profile") @Nullable Map<String, Object> profile,
            @Nullable List<String> securityGroups,
            int revisionNumber)
            implements Found {
        private static final String SUB_PORT = "trunk:subport";
        private static final String ROUTER = "network:router";

        boolean isSubPort() {
            return SUB_PORT.equals(deviceOwner);
        }

        boolean isOnRouter() {
            return owner().startsWith(ROUTER);
        }

        /** Whether the network made it for itself, such as for DHCP; it goes with its network. */
        boolean isNetworksOwn() {
            return owner().startsWith("network:") && !isOnRouter();
        }

        boolean isOnRouter(String router) {
            return isOnRouter() && router.equals(deviceId);
        }

        private String owner() {
            return Objects.requireNonNullElse(deviceOwner, "");
        }

        List<String> groups() {
            return Objects.requireNonNullElse(securityGroups, List.of());
        }

        List<String> addresses() {
            return fixedIps.stream().map(FixedIp::ipAddress).toList();
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record FixedIp(String subnetId, String ipAddress) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Trunk(
            String id,
            @Nullable String description,
            @Nullable String projectId,
            String portId,
            List<SubPort> subPorts) implements Found {
        @JsonIgnoreProperties(ignoreUnknown = true)
        @JsonNaming(SnakeCaseStrategy.class)
        record SubPort(String portId, int segmentationId) {}

        Optional<Integer> tagOf(String port) {
            return subPorts.stream()
                    .filter(sub -> sub.portId().equals(port))
                    .map(SubPort::segmentationId)
                    .findFirst();
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record FloatingIp(
            String id,
            @Nullable String description,
            String floatingIpAddress,
            @Nullable String portId) implements Found {}

    /** How far Octavia is with something: what it says of it, and whether that may change by itself. */
    sealed interface Provisioned extends Found {
        String provisioningStatus();

        default boolean isActive() {
            return provisioningStatus().equals("ACTIVE");
        }

        default boolean isError() {
            return provisioningStatus().equals("ERROR");
        }

        /** Octavia is at it; what is deleted is shown for a while. */
        default boolean isPending() {
            return !isActive() && !isError();
        }

        default boolean isGoing() {
            return provisioningStatus().endsWith("DELETE")
                    || provisioningStatus().equals("DELETED");
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Reference(String id) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record LoadBalancer(
            String id,
            @Nullable String description,
            String provisioningStatus,
            boolean adminStateUp,
            String vipAddress,
            @Nullable String vipPortId,
            @Nullable String vipSubnetId,
            @Nullable String createdAt)
            implements Provisioned {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Listener(
            String id,
            @Nullable String description,
            String provisioningStatus,
            boolean adminStateUp,
            String protocol,
            int protocolPort,
            @Nullable String defaultPoolId,
            List<Reference> loadbalancers)
            implements Provisioned {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Pool(
            String id,
            @Nullable String description,
            @Nullable String name,
            String provisioningStatus,
            boolean adminStateUp,
            String protocol,
            List<Reference> loadbalancers,
            List<Reference> members)
            implements Provisioned {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonNaming(SnakeCaseStrategy.class)
    record Member(
            String id,
            @Nullable String description,
            String provisioningStatus,
            boolean adminStateUp,
            String address,
            int protocolPort,
            @Nullable String subnetId)
            implements Provisioned {}
}
