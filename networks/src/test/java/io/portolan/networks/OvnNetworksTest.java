package io.portolan.networks;

import io.portolan.model.ClusterId;
import io.portolan.model.ClusterName;
import io.portolan.model.Mode;
import io.portolan.sdn.SdnBackend;
import io.portolan.testbed.Authority;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

class OvnNetworksTest {
    private static SslBundle bundle(Map<String, String> files) {
        return SslBundle.of(new PemSslStoreBundle(
                PemSslStoreDetails.forCertificate(files.get("tls.crt")).withPrivateKey(files.get("tls.key")),
                PemSslStoreDetails.forCertificate(files.get("ca.crt"))));
    }

    @Test
    void aBundleThatIsRenewedAfterANetworkWasOpenedIsTheOneThatCounts() throws Exception {
        try (Workspace workspace = Workspace.create()) {
            Authority authority = new Authority(workspace.directory("authority"), "authority");
            Authority stranger = new Authority(workspace.directory("stranger"), "stranger");
            OvsdbServer server = OvsdbServer.in(workspace, "nb")
                    .database(OvnCentral.NORTHBOUND_SCHEMA)
                    .tls(authority.server("IP:127.0.0.1"))
                    .start();
            DefaultSslBundleRegistry bundles = new DefaultSslBundleRegistry("ovn", bundle(stranger.secret("DNS:us")));
            NetworkTarget target = new NetworkTarget(
                    ClusterId.random(), new ClusterName("blue"), Mode.OVERLAY, server.tlsRemote(), "ovn");
            try (OvnNetworks networks = new OvnNetworks(bundles);
                    SdnBackend network = networks.open(target)) {
                bundles.updateBundle("ovn", bundle(authority.secret("DNS:us")));
                network.check();
            }
        }
    }
}
