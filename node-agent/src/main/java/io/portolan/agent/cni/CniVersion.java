package io.portolan.agent.cni;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The versions of the protocol that are spoken, oldest first. */
enum CniVersion {
    V0_3_1("0.3.1"),
    V0_4_0("0.4.0"),
    V1_0_0("1.0.0"),
    V1_1_0("1.1.0");

    private final String text;

    CniVersion(String text) {
        this.text = text;
    }

    static Optional<CniVersion> of(String text) {
        return Stream.of(values()).filter(version -> version.text.equals(text)).findFirst();
    }

    static List<String> texts() {
        return Stream.of(values()).map(CniVersion::text).toList();
    }

    String text() {
        return text;
    }

    boolean atLeast(CniVersion other) {
        return compareTo(other) >= 0;
    }
}
