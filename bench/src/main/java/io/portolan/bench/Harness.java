package io.portolan.bench;

import java.util.List;

/** Measures what belongs together, and leaves nothing running. */
public interface Harness {
    String name();

    List<Figure> measure();
}
