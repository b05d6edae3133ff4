package io.portolan.agent.cni;

import java.util.Optional;
import java.util.stream.Stream;

/** What a caller can ask for, and since which version. */
enum CniCommand {
    ADD(CniVersion.V0_3_1, true),
    DEL(CniVersion.V0_3_1, true),
    CHECK(CniVersion.V0_4_0, true),
    GC(CniVersion.V1_1_0, false),
    STATUS(CniVersion.V1_1_0, false),
    VERSION(CniVersion.V0_3_1, false);

    private final CniVersion since;
    private final boolean ofSandbox;

    CniCommand(CniVersion since, boolean ofSandbox) {
        this.since = since;
        this.ofSandbox = ofSandbox;
    }

    static Optional<CniCommand> of(String text) {
        return Stream.of(values())
                .filter(command -> command.name().equals(text))
                .findFirst();
    }

    CniVersion since() {
        return since;
    }

    /** Whether it is about one interface of one container. */
    boolean ofSandbox() {
        return ofSandbox;
    }

    boolean needsNamespace() {
        return this == ADD || this == CHECK;
    }
}
