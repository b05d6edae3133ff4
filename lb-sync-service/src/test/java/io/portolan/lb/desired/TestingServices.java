package io.portolan.lb.desired;

import io.fabric8.kubernetes.api.model.LoadBalancerIngressBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Generates Services and slices of all shapes out of a small world, so that they often meet. A seed replays a run. */
public final class TestingServices {
    public static final List<String> NODES = List.of("node-1", "node-2");
    public static final List<Integer> PORTS = List.of(53, 80, 443);
    public static final List<Integer> NODE_PORTS = List.of(30053, 30080);
    private static final List<String> NAMES = List.of("dns", "web", "");
    private static final List<String> PROTOCOLS = Arrays.asList("TCP", "UDP", "SCTP", null);

    private final Random random;

    public TestingServices(long seed) {
        this.random = new Random(seed);
    }

    public Random random() {
        return random;
    }

    @SafeVarargs
    private <T> T any(T... of) {
        return of[random.nextInt(of.length)];
    }

    private <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private boolean once(int in) {
        return random.nextInt(in) == 0;
    }

    public static String clusterAddress(int number) {
        return "10.96.0." + (10 + number);
    }

    public static String externalAddress(int number) {
        return "198.51.100." + (10 + number);
    }

    public static String granted(int number) {
        return "203.0.113." + (10 + number);
    }

    public static String foreignIngress(int number) {
        return "192.0.2." + (10 + number);
    }

    /** @param number tells its addresses from those of others */
    public Service service(String name, int number) {
        String type = any("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer", "ExternalName", null);
        boolean headless = once(12);
        var spec = new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName(name)
                .withUid("uid-" + name)
                .withLabels(once(20) ? Map.of("service.kubernetes.io/service-proxy-name", "other") : null)
                .endMetadata()
                .withNewSpec()
                .withType(type)
                .withPorts(ports(number));
        if (headless) {
            spec.withClusterIP("None").withClusterIPs("None");
        } else if (!"ExternalName".equals(type)) {
            spec.withClusterIP(clusterAddress(number)).withClusterIPs(clusterAddress(number));
            if (once(8)) {
                spec.addToClusterIPs("fd00:96::" + (10 + number));
            }
        }
        if (once(3)) {
            spec.addToExternalIPs(externalAddress(number));
        }
        spec.withInternalTrafficPolicy(any("Cluster", "Local", null));
        spec.withExternalTrafficPolicy(any("Cluster", "Local", null));
        spec.withSessionAffinity(any("None", "ClientIP", null));
        if (once(2)) {
            spec.withNewSessionAffinityConfig()
                    .withNewClientIP(any(1, 60, 10_800, 86_400))
                    .endSessionAffinityConfig();
        }
        spec.withPublishNotReadyAddresses(random.nextBoolean());
        if ("LoadBalancer".equals(type)) {
            spec.withLoadBalancerClass(any(null, null, "portolan.io/gateway", "example.com/other"));
            spec.withHealthCheckNodePort(once(3) ? 32_000 : null);
            spec.withLoadBalancerSourceRanges(any(
                    List.<String>of(),
                    List.<String>of(),
                    List.of("198.51.100.0/24"),
                    List.of("10.4.0.0/16"),
                    List.of("10.4.0.0/15", "198.51.100.7/32"),
                    List.of("10.4.1.0/24"),
                    List.of("0.0.0.0/0")));
        }
        ServiceBuilder builder = spec.endSpec();
        if ("LoadBalancer".equals(type) && once(2)) {
            builder.withNewStatus()
                    .withNewLoadBalancer()
                    .withIngress(new LoadBalancerIngressBuilder()
                            .withIp(foreignIngress(number))
                            .withIpMode(any("VIP", "Proxy", null))
                            .build())
                    .endLoadBalancer()
                    .endStatus();
        }
        return builder.build();
    }

    /** A name or a number is a Service's once, as the API server sees to. */
    private List<ServicePort> ports(int number) {
        List<ServicePort> ports = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            String protocol = any(PROTOCOLS);
            ServicePort port = new ServicePortBuilder()
                    .withName(NAMES.get(i))
                    .withProtocol(protocol)
                    .withPort(PORTS.get(i))
                    .withNodePort(i < NODE_PORTS.size() && !once(3) ? NODE_PORTS.get(i) + number : null)
                    .build();
            ports.add(port);
        }
        return ports;
    }

    public List<EndpointSlice> slices(String service) {
        return IntStream.range(0, random.nextInt(4))
                .mapToObj(i -> slice(service, service + "-" + i))
                .toList();
    }

    public EndpointSlice slice(String service, String name) {
        String family = once(8) ? any("IPv6", "FQDN") : "IPv4";
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName(name)
                .withLabels(Map.of("kubernetes.io/service-name", service))
                .endMetadata()
                .withAddressType(family)
                .withPorts(IntStream.range(0, random.nextInt(4))
                        .mapToObj(i -> slicePort())
                        .toList())
                .withEndpoints(IntStream.range(0, random.nextInt(5))
                        .mapToObj(i -> endpoint(family))
                        .toList())
                .build();
    }

    private EndpointPort slicePort() {
        return new EndpointPortBuilder()
                .withName(any("dns", "web", "", null))
                .withProtocol(any(PROTOCOLS))
                .withPort(once(10) ? null : any(8080, 8443, 5353))
                .build();
    }

    private Endpoint endpoint(String family) {
        String address = switch (family) {
            case "IPv6" -> "fd00:4::" + (1 + random.nextInt(9));
            case "FQDN" -> "host.example";
            default -> "10.4.%d.%d".formatted(1 + random.nextInt(2), 2 + random.nextInt(5));
        };
        var builder = new EndpointBuilder()
                .withAddresses(once(15) ? List.of() : List.of(address))
                .withNodeName(family.equals("IPv4") ? nodeOf(address) : null);
        if (!once(6)) {
            builder.withNewConditions()
                    .withReady(any(true, true, false, false, null))
                    .withServing(any(true, false, null))
                    .withTerminating(any(true, false, null))
                    .endConditions();
        }
        return builder.build();
    }

    /** An address is on one node, on none (a machine), or on one that has not joined. */
    private static String nodeOf(String address) {
        return switch (address.charAt(address.length() - 1)) {
            case '5' -> null;
            case '6' -> "node-9";
            default -> "node-" + address.charAt(5);
        };
    }

    /** A client of each kind to every address and port that there may be of so many Services. */
    public static List<Packet> packets(int services, String... more) {
        List<String> addresses = new ArrayList<>(List.of("192.168.0.1", "192.168.0.2", "203.0.113.1", "10.4.1.2"));
        addresses.addAll(List.of(more));
        List<Integer> ports = new ArrayList<>(PORTS);
        ports.add(7);
        for (int i = 0; i < services; i++) {
            addTo(i, addresses, ports);
        }
        return packets(addresses, ports);
    }

    /** The same to those of one Service. */
    public static List<Packet> packetsTo(int number, String... more) {
        List<String> addresses = new ArrayList<>(List.of("192.168.0.1", "203.0.113.1"));
        addresses.addAll(List.of(more));
        List<Integer> ports = new ArrayList<>(PORTS);
        addTo(number, addresses, ports);
        return packets(addresses, ports);
    }

    private static void addTo(int number, List<String> addresses, List<Integer> ports) {
        NODE_PORTS.forEach(port -> ports.add(port + number));
        addresses.addAll(
                List.of(clusterAddress(number), externalAddress(number), granted(number), foreignIngress(number)));
    }

    private static List<Packet> packets(List<String> addresses, List<Integer> ports) {
        List<Packet> packets = new ArrayList<>();
        for (String address : addresses) {
            for (int port : ports) {
                for (String protocol : List.of("TCP", "UDP", "SCTP")) {
                    packets.add(new Packet("node-1", "10.4.1.9", address, protocol, port));
                    packets.add(new Packet("node-2", "10.4.2.9", address, protocol, port));
                    packets.add(new Packet(null, "198.51.100.7", address, protocol, port));
                    packets.add(new Packet(null, "192.0.2.200", address, protocol, port));
                }
            }
        }
        return packets;
    }
}
