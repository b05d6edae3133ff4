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
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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

        /** Returns when all services answer. */
        public OpenStackCloud start() {
            return new OpenStackCloud(this);
        }
    }

    /** The one provider network, flat, to which hypervisors' {@code br-ex} is mapped. */
    public static final String PHYSICAL_NETWORK = "physnet1";

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration PORT_PATIENCE = Duration.ofSeconds(60);
    private static final String PYTHON = "/usr/bin/python3";

    private final Workspace workspace;
    private final Path directory;
    private final OvnCentral central;
    private final CloudDatabase database;
    private final int keystonePort = Listeners.freeLoopbackPort();
    private final int neutronPort = Listeners.freeLoopbackPort();
    private final String secret;
    private final Daemon keystone;
    private final Daemon neutron;
    private final CloudApi admin;
    private @Nullable Outside outside;

    private OpenStackCloud(Plan plan) {
        workspace = plan.workspace;
        directory = workspace.directory("cloud");
        OvnCentral given = plan.central;
        List<Object> ground = Parallel.all(List.<Callable<Object>>of(
                () -> given == null ? OvnCentral.in(workspace).start() : given, () -> startDatabase(plan.cache)));
        central = (OvnCentral) ground.getFirst();
        database = (CloudDatabase) ground.getLast();
        secret = read(directory.resolve("secret"));
        Recipe recipe = configured(plan.tokenLifetime);
        List<Daemon> services =
                Parallel.all(List.<Callable<Daemon>>of(() -> startKeystone(recipe), () -> startNeutron(recipe)));
        keystone = services.getFirst();
        neutron = services.getLast();
        admin = CloudApi.signIn(adminLogin());
    }

    public static Plan in(Workspace workspace) {
        return new Plan(workspace);
    }

    private CloudDatabase startDatabase(Path cache) {
        new CloudTemplate(workspace, cache).copyTo(directory);
        CloudDatabase started = CloudDatabase.start(workspace, directory.resolve("mariadb"));
        started.sql("""
                update keystone.endpoint set url = replace(url, 'http://keystone.invalid/v3', '%s');
                update keystone.endpoint set url = replace(url, 'http://neutron.invalid', '%s');
                """.formatted(authUrl(), networkUrl()));
        return started;
    }

    private Recipe configured(Duration tokenLifetime) {
        Recipe recipe = new Recipe(directory)
                .fill("token_seconds", tokenLifetime.toSeconds())
                .fill("keystone_url", authUrl())
                .fill("neutron_port", neutronPort)
                .fill("northbound", central.northbound().unixRemote())
                .fill("southbound", central.southbound().unixRemote())
                .fill("secret", secret);
        for (String schema : List.of("keystone", "neutron", "octavia", "octavia_persistence")) {
            recipe.fill(schema + "_database", CloudDatabase.url(directory.resolve("mariadb"), schema));
        }
        return recipe;
    }

    private Daemon startKeystone(Recipe recipe) {
        Path configuration = recipe.write("keystone.conf", "keystone/keystone.conf");
        recipe.write("no-policy.yaml", "keystone/policy.yaml");
        recipe.write("keystone_wsgi.py", "keystone/keystone_wsgi.py");
        return gunicorn("keystone", keystonePort, "keystone_wsgi:application", 4)
                .environment("OS_KEYSTONE_CONFIG_FILES", configuration.toString())
                .readyWhen("answers", starting -> answers(starting, keystonePort, "/v3"))
                .start();
    }

    private Daemon startNeutron(Recipe recipe) {
        Path configuration = recipe.write("neutron.conf", "neutron/neutron.conf");
        Path ml2 = recipe.write("ml2_conf.ini", "neutron/ml2_conf.ini");
        recipe.write("neutron-policy.yaml", "neutron/policy.yaml");
        return service(
                        "neutron",
                        "/usr/bin/neutron-server",
                        "--config-file",
                        configuration.toString(),
                        "--config-file",
                        ml2.toString())
                .readyWhen("answers", starting -> answers(starting, neutronPort, "/"))
                .start();
    }

    private Daemon.Plan gunicorn(String name, int port, String application, int threads) {
        return service(
                name,
                "-m",
                "gunicorn",
                "--chdir",
                directory.resolve(name).toString(),
                "--bind",
                "127.0.0.1:" + port,
                "--workers",
                "1",
                "--worker-class",
                "gthread",
                "--threads",
                Integer.toString(threads),
                "--timeout",
                "300",
                "--keep-alive",
                "60",
                application);
    }

    /** A program in Python, shielded from the settings of whoever started us. */
    private Daemon.Plan service(String name, String... arguments) {
        List<String> all = new ArrayList<>(List.of(PYTHON, "-I"));
        all.addAll(List.of(arguments));
        return workspace
                .daemon(name, all.toArray(String[]::new))
                .environment("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .log(directory.resolve(name + ".log"))
                .readyWithin(PATIENCE)
                .grace(Duration.ZERO)
                .withWorkers();
    }

    private static boolean answers(Daemon starting, int port, String path) {
        if (!Listeners.owns(starting.pid(), port)) {
            return false;
        }
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
            connection.setReadTimeout(30_000);
            int status = connection.getResponseCode();
            connection.disconnect();
            return status < 500;
        } catch (IOException e) {
            return false;
        }
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
        publishRegion(name, Map.of("identity", authUrl(), "network", network));
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

    public Daemon database() {
        return database.daemon();
    }

    public OvnCentral central() {
        return central;
    }

    public Workspace workspace() {
        return workspace;
    }

    @Override
    public String toString() {
        return "cloud of " + workspace;
    }
}
