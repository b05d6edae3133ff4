package io.portolan.testbed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The outcome of some pings.
 *
 * @param averageMilliseconds of the answered ones; 0 if none was
 * @param output all that the program printed, for the report of a failure
 */
public record Ping(int sent, int received, double averageMilliseconds, String output) {
    private static final Pattern COUNTS = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");
    private static final Pattern TIMES = Pattern.compile("min/avg/max/mdev = [\\d.]+/([\\d.]+)/");

    /** Whether at least one was answered. */
    public boolean answered() {
        return received > 0;
    }

    public int lost() {
        return sent - received;
    }

    /** Reads what iputils prints; if there is no summary, nothing was sent: the network was unreachable. */
    static Ping parse(String output) {
        Matcher counts = COUNTS.matcher(output);
        if (!counts.find()) {
            return new Ping(0, 0, 0, output);
        }
        Matcher times = TIMES.matcher(output);
        double average = times.find() ? Double.parseDouble(times.group(1)) : 0;
        return new Ping(Integer.parseInt(counts.group(1)), Integer.parseInt(counts.group(2)), average, output);
    }
}
