package io.portolan.e2e.stack;

import io.portolan.testbed.PodSandbox;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Calls from inside a namespace, each a connection of its own, made by one process: that takes longer to start than a call.
 *
 * @param all in the order in which they were made
 */
public record Calls(List<Call> all) {
    private static final String CLIENT = """
            import socket, sys, time
            kind = socket.SOCK_STREAM if sys.argv[1] == 'TCP' else socket.SOCK_DGRAM
            for i in range(int(sys.argv[4])):
                at = time.time() * 1000
                with socket.socket(socket.AF_INET, kind) as s:
                    s.settimeout(float(sys.argv[6]))
                    try:
                        s.connect((sys.argv[2], int(sys.argv[3])))
                        s.sendall(b'hello\\n')
                        print(at, 'answered', s.recv(2048).decode().strip())
                    except OSError as e:
                        print(at, type(e).__name__, '-')
                time.sleep(float(sys.argv[5]))
            """;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    public Calls {
        all = List.copyOf(all);
    }

    /** What calls go over. */
    public enum Transport {
        TCP,
        UDP
    }

    /**
     * One of them.
     *
     * @param at milliseconds since the epoch when it began
     * @param outcome {@code answered}, or the name of the error
     * @param by who answered
     */
    public record Call(double at, String outcome, String by) {
        public boolean answered() {
            return outcome.equals("answered");
        }
    }

    /** Makes so many, with a pause after each. */
    public static Calls make(
            PodSandbox from, Transport transport, String address, int port, int count, Duration pause) {
        String output = from.namespace()
                .command(
                        "/usr/bin/python3",
                        "-I",
                        "-c",
                        CLIENT,
                        transport.name(),
                        address,
                        Integer.toString(port),
                        Integer.toString(count),
                        String.format(Locale.ROOT, "%.3f", pause.toNanos() / 1e9),
                        String.format(Locale.ROOT, "%.3f", PATIENCE.toNanos() / 1e9))
                .within(PATIENCE.plus(pause).multipliedBy(count).plusSeconds(30))
                .output();
        return new Calls(output.lines()
                .map(line -> line.split(" ", 3))
                .map(word -> new Call(Double.parseDouble(word[0]), word[1], word[2]))
                .toList());
    }

    public static Calls make(PodSandbox from, Transport transport, String address, int port, int count) {
        return make(from, transport, address, port, count, Duration.ZERO);
    }

    /** Who answered any. */
    public Set<String> answerers() {
        return all.stream().filter(Call::answered).map(Call::by).collect(Collectors.toCollection(TreeSet::new));
    }

    public boolean allAnswered() {
        return all.stream().allMatch(Call::answered);
    }

    /** Whether each was turned away at once, rather than left to wait. */
    public boolean allRefused() {
        return all.stream().allMatch(call -> call.outcome().equals("ConnectionRefusedError"));
    }

    /** When the last call began that this one answered; milliseconds since the epoch, zero for none. */
    public double lastAnsweredBy(String name) {
        return all.stream()
                .filter(call -> call.answered() && call.by().equals(name))
                .mapToDouble(Call::at)
                .max()
                .orElse(0);
    }

    /** How many ended in which way, for a person. */
    @Override
    public String toString() {
        return all.stream()
                .collect(Collectors.groupingBy(
                        call -> call.answered() ? call.by() : call.outcome(),
                        java.util.TreeMap::new,
                        Collectors.counting()))
                .toString();
    }
}
