package io.portolan.testbed.openstack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Fabric;
import io.portolan.testbed.Listeners;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Parallel;
import io.portolan.testbed.PodSandbox;
import io.portolan.testbed.TestbedFailed;
import io.portolan.testbed.Waiting;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Keystone and Neutron, running; the package's description says what they are made of. One in a workspace. */
public final class OpenStackCloud {
    /** What the cloud is to be like. */
    public static final class Plan {
        private final Workspace workspace;
        private @Nullable OvnCentral central;
        private Path cache = CloudTemplate.defaultCache();
        private Duration tokenLifetime = Duration.ofDays(1);
        private boolean octavia;

        private Plan(Workspace workspace) {
            this.workspace = workspace;
        }

        /** Over this OVN, which nobody else writes to; over one of its own unless said. */
        public Plan central(OvnCentral existing) {
            central = existing;
            return this;
        }

        /** Where templates are kept; below the user's cache directory unless said. */
        public Plan cache(Path directory) {
            cache = directory;
            return this;
        }

        /** How long a token is good for; a day unless said. */
        public Plan tokenLifetime(Duration time) {
            tokenLifetime = time;
            return this;
        }

        /** With Octavia: its API and its driver agent, with OVN's provider. */
        public Plan withOctavia() {
            octavia = true;
            return this;
        }

        /** Returns when all services answer. */
        public OpenStackCloud start() {
            return new OpenStackCloud(this);
        }
    }

    /** The one provider network, flat, to which hypervisors' {@code br-ex} is mapped. */
    public static final String PHYSICAL_NETWORK = "physnet1";

    private static final Duration PORT_PATIENCE = Duration.ofMinutes(2);

    private final Workspace workspace;
    private final Path directory;
    private final OvnCentral central;
    private final CloudDatabase database;
    private final int keystonePort = Listeners.freeLoopbackPort();
    private final int neutronPort = Listeners.freeLoopbackPort();
    private final int octaviaPort = Listeners.freeLoopbackPort();
    private final String secret;
    private final Daemon keystone;
    private final Daemon neutron;
    private final List<Daemon> octavia;
    private final CloudApi admin;
    private @Nullable Outside outside;

    private OpenStackCloud(Plan plan) {
        workspace = plan.workspace;
        directory = workspace.directory("cloud");
        OvnCentral given = plan.central;
        List<Object> ground = Parallel.all(List.<Callable<Object>>of(
                () -> given == null ? OvnCentral.in(workspace).start() : given, () -> startDatabase(plan)));
        central = (OvnCentral) ground.getFirst();
        database = (CloudDatabase) ground.getLast();
        secret = read(directory.resolve("secret"));
        Recipe recipe = configured(plan.tokenLifetime);
        CloudServices services = new CloudServices(workspace, directory, recipe);
        List<List<Daemon>> started = Parallel.all(List.<Callable<List<Daemon>>>of(
                () -> List.of(services.keystone(keystonePort)),
                () -> List.of(services.neutron(neutronPort)),
                () -> plan.octavia ? services.octavia(octaviaPort) : List.of()));
        keystone = started.get(0).getFirst();
        neutron = started.get(1).getFirst();
        octavia = started.get(2);
        admin = CloudApi.signIn(adminLogin());
    }

    public static Plan in(Workspace workspace) {
        return new Plan(workspace);
    }

    private CloudDatabase startDatabase(Plan plan) {
        new CloudTemplate(workspace, plan.cache).copyTo(directory);
        CloudDatabase started = CloudDatabase.start(workspace, directory.resolve("mariadb"));
        started.sql("""
                update keystone.endpoint set url = replace(url, 'http://keystone.invalid/v3', '%s');
                update keystone.endpoint set url = replace(url, 'http://neutron.invalid', '%s');
                """.formatted(authUrl(), networkUrl()));
        started.sql(
                plan.octavia
                        ? "update keystone.endpoint set url = '%s' where url = 'http://octavia.invalid';"
                                .formatted(loadBalancingUrl())
                        : "delete from keystone.endpoint where url = 'http://octavia.invalid';");
        return started;
    }

    private Recipe configured(Duration tokenLifetime) {
        Recipe recipe = new Recipe(directory)
                .fill("token_seconds", tokenLifetime.toSeconds())
                .fill("keystone_url", authUrl())
                .fill("neutron_port", neutronPort)
                .fill("octavia_port", octaviaPort)
                .fill("northbound", central.northbound().unixRemote())
                .fill("southbound", central.southbound().unixRemote())
                .fill("secret", secret);
        for (String schema : List.of("keystone", "neutron", "octavia", "octavia_persistence")) {
            recipe.fill(schema + "_database", CloudDatabase.url(directory.resolve("mariadb"), schema));
        }
        return recipe;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Keystone's, with its version. */
    public URI authUrl() {
        return URI.create("http://127.0.0.1:%d/v3".formatted(keystonePort));
    }

    /** Neutron's, as in the catalog: without its version. */
    public URI networkUrl() {
        return URI.create("http://127.0.0.1:" + neutronPort);
    }

    /** Octavia's, as in the catalog: without its version. */
    public URI loadBalancingUrl() {
        return URI.create("http://127.0.0.1:" + octaviaPort);
    }

    /** The cloud's administrator. */
    public CloudLogin adminLogin() {
        return new CloudLogin(authUrl(), new CloudLogin.Password("admin", secret, "admin"), CloudLogin.FIRST_REGION);
    }

    /** A session of the cloud's administrator. */
    public CloudApi admin() {
        return admin;
    }

    /** Makes a project with a user of the same name. */
    public CloudProject forProject(String name) {
        return CloudProject.make(this, name);
    }

    /**
     * Makes a network with an address range that routers can have their gateways and floating IPs in; the machine outside
     * has the gateway's address. There can be one.
     */
    public ExternalNetwork externalNetwork(String name, String cidr, String gateway, String first, String last) {
        ExternalNetwork network = ExternalNetwork.make(admin, name, cidr, gateway, first, last);
        outsideWorld().address(gateway + cidr.substring(cidr.indexOf('/')));
        return network;
    }

    /** Starts hosts of these names at once; each can carry routers' gateways. */
    public List<Hypervisor> hypervisors(Fabric fabric, String... names) {
        Outside world = outsideWorld();
        return Parallel.all(Stream.of(names)
                .map(name -> (Callable<Hypervisor>) () -> Hypervisor.join(this, fabric, world, name))
                .toList());
    }

    /**
     * Gives the machine outside an address on the physical network, such as {@code 172.24.9.9/24}, and its way to
     * others.
     */
    public void outsideAddress(String withPrefix, String gateway, String... destinations) {
        Outside world = outsideWorld();
        world.address(withPrefix);
        for (String destination : destinations) {
            world.sandbox().namespace().ip("route replace %s via %s".formatted(destination, gateway));
        }
    }

    /** A machine outside the cloud, which has the gateway's address of every external network. */
    public PodSandbox outside() {
        return outsideWorld().sandbox();
    }

    private synchronized Outside outsideWorld() {
        Outside world = outside;
        if (world == null) {
            world = new Outside(workspace);
            outside = world;
        }
        return world;
    }

    /** Waits until Neutron says that the port has this status, {@code ACTIVE} or {@code DOWN}. */
    public void awaitPort(String portId, String status) {
        if (!Waiting.until(
                PORT_PATIENCE,
                () -> admin.network()
                        .get("/ports/" + portId)
                        .at("/port/status")
                        .asString()
                        .equals(status))) {
            throw new TestbedFailed("port %s does not become %s: %s"
                    .formatted(portId, status, admin.network().get("/ports/" + portId)));
        }
    }

    /** Puts a region into the catalog whose network service is at another address, such as a proxy's. */
    public void publishRegion(String name, URI network) {
        Map<String, URI> services = new HashMap<>(Map.of("identity", authUrl(), "network", network));
        if (!octavia.isEmpty()) {
            services.put("load-balancer", loadBalancingUrl());
        }
        publishRegion(name, services);
    }

    /** Puts a region into the catalog whose services, by their types, are at these addresses. */
    public void publishRegion(String name, Map<String, URI> services) {
        CloudApi.Service keystone = admin.identity();
        keystone.post("/regions", Map.of("region", Map.of("id", name)));
        services.forEach((type, url) -> {
            String service =
                    keystone.get("/services?type=" + type).at("/services/0/id").asString();
            for (String side : List.of("public", "internal", "admin")) {
                keystone.post(
                        "/endpoints",
                        Map.of(
                                "endpoint",
                                Map.of(
                                        "interface",
                                        side,
                                        "region_id",
                                        name,
                                        "service_id",
                                        service,
                                        "url",
                                        url.toString())));
            }
        });
    }

    public Daemon keystone() {
        return keystone;
    }

    /** Neutron's server; killed, its workers die with it, and it starts again on the same port. */
    public Daemon neutron() {
        return neutron;
    }

    /** Octavia's API. */
    public Daemon octavia() {
        return withOctavia().getFirst();
    }

    /** Octavia's driver agent, which hears what OVN says of the balancers. */
    public Daemon octaviaAgent() {
        return withOctavia().getLast();
    }

    private List<Daemon> withOctavia() {
        if (octavia.isEmpty()) {
            throw new IllegalStateException("this cloud was planned without Octavia");
        }
        return octavia;
    }

    public Daemon database() {
        return database.daemon();
    }

    public OvnCentral central() {
        return central;
    }

    public Workspace workspace() {
        return workspace;
    }
}
