package io.portolan.bench;

import io.portolan.e2e.stack.Stack;
import java.util.ArrayList;
import java.util.List;

/**
 * From a node's declaration until all its ports are free, by whole services, against a bare client that writes the same things
 * into the same network; each for a node of 61 ports (a /26 without network, gateway and broadcast) and one of 253. The best of
 * some rounds counts, on both sides, because what else runs only ever adds.
 */
final class NodeFill implements Harness {
    private static final List<Integer> MAX_PODS = List.of(59, 250);

    @Override
    public String name() {
        return "node-fill";
    }

    @Override
    public List<Figure> measure() {
        List<Figure> figures = new ArrayList<>();
        try (FillingStack ovn = new FillingStack(Stack.Mode.OVERLAY)) {
            for (int maxPods : MAX_PODS) {
                FillingStack.Race race = ovn.race(maxPods, 5);
                figures.add(Figure.of(
                        "node of %d ports on OVN, above twice the bare writes".formatted(race.ports()),
                        race.ours() - 2 * race.bare(),
                        "s",
                        1));
            }
        }
        try (FillingStack neutron = new FillingStack(Stack.Mode.UNDERLAY)) {
            for (int maxPods : MAX_PODS) {
                FillingStack.Race race = neutron.race(maxPods, 3);
                figures.add(Figure.ratio(
                        "node of %d ports on Neutron, against bare bulk calls".formatted(race.ports()),
                        race.ours(),
                        race.bare(),
                        "s",
                        1.25));
            }
        }
        return figures;
    }
}
