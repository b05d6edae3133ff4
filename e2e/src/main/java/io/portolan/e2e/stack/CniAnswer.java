package io.portolan.e2e.stack;

import tools.jackson.databind.JsonNode;

/**
 * How a run of the CNI executable ended.
 *
 * @param json what it printed; an empty object where that was nothing
 * @param milliseconds of the whole process
 */
public record CniAnswer(int exitCode, JsonNode json, double milliseconds) {
    public boolean ok() {
        return exitCode == 0;
    }
}
