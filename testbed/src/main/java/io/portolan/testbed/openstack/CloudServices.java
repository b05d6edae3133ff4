package io.portolan.testbed.openstack;

import io.portolan.testbed.Daemon;
import io.portolan.testbed.Listeners;
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
import java.util.stream.Stream;

/** Starts the programs of a cloud, each with its configuration below the cloud's directory, its log there, too. */
final class CloudServices {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String PYTHON = "/usr/bin/python3";

    private final Workspace workspace;
    private final Path directory;
    private final Recipe recipe;

    CloudServices(Workspace workspace, Path directory, Recipe recipe) {
        this.workspace = workspace;
        this.directory = directory;
        this.recipe = recipe;
    }

    Daemon keystone(int port) {
        Path configuration = recipe.write("keystone.conf", "keystone/keystone.conf");
        recipe.write("no-policy.yaml", "keystone/policy.yaml");
        recipe.write("keystone_wsgi.py", "keystone/keystone_wsgi.py");
        return gunicorn("keystone", port, "keystone_wsgi:application", 4)
                .environment("OS_KEYSTONE_CONFIG_FILES", configuration.toString())
                .readyWhen("answers", starting -> answers(starting, port, "/v3"))
                .start();
    }

    Daemon neutron(int port) {
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
                .readyWhen("answers", starting -> answers(starting, port, "/"))
                .start();
    }

    /** The API and the driver agent, in this order. */
    List<Daemon> octavia(int port) {
        Path configuration = recipe.write("octavia.conf", "octavia/octavia.conf");
        recipe.write("no-policy.yaml", "octavia/policy.yaml");
        recipe.write("octavia_sockets.py", "octavia/octavia_sockets.py");
        recipe.write("octavia_wsgi.py", "octavia/octavia_wsgi.py");
        Path program = recipe.write("octavia_agent.py", "octavia/octavia_agent.py");
        List<Path> sockets = Stream.of("status", "stats", "get")
                .map(name -> directory.resolve("octavia").resolve(name + ".sock"))
                .toList();
        // The API looks for the agent's sockets with ever longer pauses: they are to be there first.
        Daemon agent = service("octavia-agent", program.toString())
                .environment("OCTAVIA_CONFIGURATION", configuration.toString())
                .readyWhen("listens on its sockets", starting -> listens(sockets))
                .start();
        Daemon api = gunicorn("octavia", port, "octavia_wsgi:application", 8)
                .environment("OCTAVIA_CONFIGURATION", configuration.toString())
                .readyWhen("answers", starting -> answers(starting, port, "/"))
                .start();
        return List.of(api, agent);
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

    /** Whether somebody does; a connection would have to be served, and a socket's file outlives a killed listener. */
    private static boolean listens(List<Path> sockets) {
        try {
            List<String> open = Files.readAllLines(Path.of("/proc/net/unix"));
            return sockets.stream().allMatch(socket -> open.stream().anyMatch(line -> line.endsWith(" " + socket)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
}
