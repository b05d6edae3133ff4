package io.portolan.agent.cache;

import io.portolan.model.Malformed;

/**
 * What a container runtime calls an attachment: nothing else identifies it, least of all its address.
 *
 * @param sandbox the container id
 * @param networkInterface the interface's name in the pod
 */
public record AttachmentKey(String sandbox, String networkInterface) {
    private static final String PRINTABLE = "[!-~]{1,256}";

    public AttachmentKey {
        if (!sandbox.matches(PRINTABLE)) {
            throw new Malformed("a container id has 1 to 256 printable characters and no space");
        }
        if (!networkInterface.matches(PRINTABLE)) {
            throw new Malformed("an interface's name has 1 to 256 printable characters and no space");
        }
    }

    @Override
    public String toString() {
        return sandbox + "/" + networkInterface;
    }
}
