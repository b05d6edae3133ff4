package io.portolan.agent.wiring;

import io.portolan.model.PortId;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the two ends of a wire are called: {@code pn} or {@code pp}, ten digits of the port's id, and three characters that
 * are drawn anew for every plumbing. 15 characters is all that the kernel allows.
 */
record WireName(String tail) {
    private static final Pattern HOST_END = Pattern.compile("pn([0-9a-f]{10}[0-9a-z]{3})");
    private static final int GENERATIONS = 36 * 36 * 36;

    static WireName fresh(PortId port) {
        int generation = ThreadLocalRandom.current().nextInt(GENERATIONS);
        String digits = Integer.toString(GENERATIONS + generation, 36).substring(1);
        return new WireName(port.toString().replace("-", "").substring(0, 10) + digits);
    }

    static Optional<WireName> ofHostEnd(String name) {
        Matcher matcher = HOST_END.matcher(name);
        return matcher.matches() ? Optional.of(new WireName(matcher.group(1))) : Optional.empty();
    }

    /** In the bridge. */
    String hostEnd() {
        return "pn" + tail;
    }

    /** While no pod has it. */
    String podEnd() {
        return "pp" + tail;
    }

    @Override
    public String toString() {
        return hostEnd();
    }
}
