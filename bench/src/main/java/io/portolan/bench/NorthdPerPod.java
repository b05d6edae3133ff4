package io.portolan.bench;

import io.portolan.e2e.stack.Pod;
import io.portolan.e2e.stack.Stack;
import io.portolan.testbed.NodeHost;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/**
 * northd's CPU for pods that start and stop on one router with 1,000 switches of 64 ports: by a real agent on a real chassis, whose
 * ports are there ahead, and against it by a port that is made and bound for each pod on the same chassis, in the same run.
 */
final class NorthdPerPod implements Harness {
    private static final int SWITCHES = Integer.getInteger("bench.switches", 1_000);
    private static final int PODS = 40;
    private static final int MADE = 3;
    private static final int AT_ONCE = 10;
    private static final double TARGET = 0.05;
    private static final Duration LONG = Duration.ofMinutes(10);

    /** Longer than a port rests after a pod. */
    private static final Duration AFTERWARDS = Duration.ofSeconds(35);

    @Override
    public String name() {
        return "northd";
    }

    @Override
    public List<Figure> measure() {
        try (Workspace workspace = Workspace.create()) {
            Bench.say("starting services and a node");
            Stack stack =
                    Stack.start(workspace, Stack.Mode.OVERLAY, Path.of("").toAbsolutePath(), Stack.Progress.SILENT);
            stack.declareCluster();
            NodeHost node = (NodeHost) stack.addNode("worker").join().host();
            Awaitility.await().atMost(LONG).until(() -> works(stack, node));
            OvnCentral central = stack.central();
            OvnLoad load = OvnLoad.of(central, node.controller());
            try (OneRouter router = new OneRouter(central, onlyRouter(central))) {
                Bench.say("%d more switches of %d ports".formatted(SWITCHES - 1, OneRouter.PORTS));
                router.write(router.rows().node(0, node.chassis()));
                router.addNodes(1, SWITCHES - 1);
                load.awaitRest();
                return compare(stack, node, load, router);
            }
        }
    }

    private static List<Figure> compare(Stack stack, NodeHost node, OvnLoad load, OneRouter router) {
        double rest = load.northd(() -> OvnLoad.pause(AFTERWARDS));
        Bench.say("northd at rest for %s: %.0f ms".formatted(AFTERWARDS, rest));
        double first = told("ours, on a node that rested", PODS, load.northd(() -> ours(stack, node, PODS, 1)));
        double again = told("ours, on a node in use", PODS, load.northd(() -> ours(stack, node, PODS, 1)));
        double oursAtOnce = told("ours, 10 at once", AT_ONCE, load.northd(() -> ours(stack, node, AT_ONCE, AT_ONCE)));
        double made = told("a port made per pod", MADE, load.northd(() -> {
            for (int i = 0; i < MADE; i++) {
                made(node, load, router, 1);
            }
        }));
        double madeAtOnce = told("made, 10 at once", AT_ONCE, load.northd(() -> made(node, load, router, AT_ONCE)));
        return List.of(
                Figure.ratio("northd, 1,000 pods one by one, node at rest before", first, made, "s", TARGET),
                Figure.ratio("northd, 1,000 pods one by one, node in use before", again, made, "s", TARGET),
                Figure.ratio(
                        "northd, 1,000 pods by 10 at once, node in use before", oursAtOnce, madeAtOnce, "s", TARGET),
                Figure.told("northd, 1,000 pods, a port made for each, one by one", made, "s"),
                Figure.told("northd, 1,000 pods, ports made by 10 at once", madeAtOnce, "s"),
                Figure.told("northd at rest, for %d s".formatted(AFTERWARDS.toSeconds()), rest / 1000, "s"));
    }

    /** Milliseconds a pod, which are seconds per 1,000. */
    private static double told(String what, int pods, double milliseconds) {
        Bench.say("%s: %.1f ms of northd each".formatted(what, milliseconds / pods));
        return milliseconds / pods;
    }

    /** One after another, or so many at once; a second apart, lest the node needs more ports than it has. */
    private static void ours(Stack stack, NodeHost node, int pods, int atOnce) {
        for (int i = 0; i < pods; i += atOnce) {
            List<Pod> started = IntStream.range(0, atOnce)
                    .mapToObj(n -> started(stack, node))
                    .toList();
            started.forEach(stack.runtime()::stop);
            OvnLoad.pause(Duration.ofSeconds(1));
        }
        OvnLoad.pause(AFTERWARDS);
    }

    private static boolean works(Stack stack, NodeHost node) {
        Pod pod = stack.runtime().start(node, "first");
        stack.runtime().stop(pod);
        return pod.added().exitCode() == 0;
    }

    private static Pod started(Stack stack, NodeHost node) {
        Pod pod = stack.runtime().start(node, "pod");
        if (pod.added().exitCode() != 0) {
            throw new IllegalStateException("a pod did not start: " + pod.added());
        }
        return pod;
    }

    private static UUID onlyRouter(OvnCentral central) {
        return UUID.fromString(central.nbctl("--bare", "--columns=_uuid", "find", "Logical_Router")
                .strip());
    }

    /** Makes ports for so many pods at once, binds them, and takes both away when their flows are installed. */
    private static void made(NodeHost node, OvnLoad load, OneRouter router, int pods) {
        int first = OneRouter.PORTS + 1;
        int last = OneRouter.PORTS + pods;
        router.write(router.rows().ports(0, first, last));
        List<String> plug = new ArrayList<>();
        List<String> unplug = new ArrayList<>();
        IntStream.rangeClosed(first, last).forEach(number -> {
            String device = "bare" + number;
            plug.addAll(List.of("--", "add-port", "br-int", device, "--", "set", "Interface", device, "type=internal"));
            plug.add("external_ids:iface-id=" + OneRouter.port(0, number));
            unplug.addAll(List.of("--", "del-port", "br-int", device));
        });
        node.vsctl(plug.subList(1, plug.size()).toArray(String[]::new));
        Awaitility.await()
                .atMost(LONG)
                .until(() -> IntStream.rangeClosed(first, last)
                        .allMatch(number -> node.vsctl("get", "Interface", "bare" + number, "external_ids")
                                .contains("ovn-installed=\"true\"")));
        node.vsctl(unplug.subList(1, unplug.size()).toArray(String[]::new));
        router.write(router.rows().withoutPorts(0, first, last));
        load.awaitRest();
    }
}
