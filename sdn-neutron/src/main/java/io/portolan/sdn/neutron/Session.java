package io.portolan.sdn.neutron;

import java.time.Instant;
import org.openstack4j.core.transport.Config;
import org.openstack4j.openstack.identity.v3.domain.KeystoneToken;

/**
 * A token and what it was had with.
 *
 * @param renew from when on somebody should get a new one
 * @param end when it is good for nothing
 */
record Session(KeystoneToken token, Credential credential, Config config, Instant renew, Instant end) {
    String project() {
        return token.getProject() == null ? "" : token.getProject().getId();
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "session of " + credential + " until " + end;
    }
}
