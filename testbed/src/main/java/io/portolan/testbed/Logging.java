package io.portolan.testbed;

import java.util.List;

/** How every Open vSwitch and OVN daemon logs here: to its standard error, which is its {@link Daemon#log()}. */
final class Logging {
    static final List<String> TO_CONSOLE = List.of("-vconsole:info", "-vsyslog:off", "-vfile:off");

    private Logging() {}
}
