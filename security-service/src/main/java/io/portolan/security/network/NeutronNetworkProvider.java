package io.portolan.security.network;

import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.sdn.neutron.NeutronBackends;
import io.portolan.sdn.neutron.NeutronTarget;
import io.portolan.security.cluster.Cluster;
import io.portolan.security.settings.SecurityProperties;
import java.nio.file.Path;
import org.springframework.stereotype.Component;

/**
 * Networks in OpenStack projects. The secret is the directory of that name below {@code
 * portolan.security.secrets}, with a {@code clouds.yaml} in it.
 */
@Component
final class NeutronNetworkProvider implements NetworkProvider, AutoCloseable {
    private final NeutronBackends backends = new NeutronBackends();
    private final Path secrets;

    NeutronNetworkProvider(SecurityProperties properties) {
        this.secrets = properties.secrets();
    }

    @Override
    public boolean understands(Cluster.Target target) {
        return target.mode() == Mode.UNDERLAY && target.endpoints().matches("(?i)https?:.*");
    }

    @Override
    public String resilience() {
        return "sdn-neutron";
    }

    @Override
    public SdnBackend open(Cluster.Target target) {
        String secret = target.secretRef();
        if (secret == null) {
            throw new Refused(Reason.NOT_AUTHENTICATED, "the cluster names no secret");
        }
        try {
            return backends.backend(
                    target.cluster(), new NeutronTarget(target.endpoints(), secrets.resolve(secret)), null);
        } catch (IllegalArgumentException e) {
            throw new Refused(Reason.NOT_ALLOWED, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        backends.close();
    }
}
