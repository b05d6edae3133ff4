package io.portolan.topology;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.portolan.sdn.neutron.NeutronDouble.Fate;
import io.portolan.sdn.neutron.Tenant;
import io.portolan.testbed.openstack.CloudLogin;
import io.portolan.topology.cluster.ClusterView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A password is planted, and looked for wherever words come out: with all going well, and with all going wrong. */
class CredentialTest {
    private static final String PLANTED = "Pl4nted-s3cret-of-the-tenant";

    private static final class Everything extends AppenderBase<ILoggingEvent> {
        private final Queue<String> lines = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage()
                    + (event.getThrowableProxy() == null
                            ? ""
                            : ThrowableProxyUtil.asString(event.getThrowableProxy())));
        }
    }

    @Test
    void aPasswordIsInNoLogLineAnswerOrRow() {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        Everything everything = new Everything();
        everything.start();
        try (UnderlayWorld here =
                new UnderlayWorld("logging.level.io.portolan=trace", "logging.level.org.openstack4j=trace")) {
            root.addAppender(everything);
            ((Logger) LoggerFactory.getLogger("io.portolan")).setLevel(Level.TRACE);
            List<String> said = new ArrayList<>();
            Tenant tenant = here.tenant("blue");
            CloudLogin right = here.cloud.changePassword(tenant, PLANTED);
            here.secret("blue", right.cloudsYaml("openstack"));
            ClusterView cluster = here.ready(here.spec("blue", "10.4.0.0/16"));
            here.join(cluster, "node-1", vm(here, tenant, right));
            here.cloud.revokeTokens();
            here.cloud.trouble(call -> new Fate.Answered(500, Map.of()));
            here.troubled(here.spec("blue", "10.4.0.0/16"), "network-unavailable");
            here.cloud.trouble(call -> new Fate.Fine());

            CloudLogin.Password who = (CloudLogin.Password) right.identity();
            CloudLogin wrong = new CloudLogin(
                    here.cloud.authUrl(),
                    new CloudLogin.Password(who.user(), "wrong-" + PLANTED, who.project()),
                    CloudLogin.FIRST_REGION);
            here.secret("wrong", wrong.cloudsYaml("openstack"));
            here.troubled(here.spec("wrong", "10.4.0.0/16"), "credentials-refused");
            here.secret("torn", right.cloudsYaml("openstack").replace("password: ", "password: [\"{"));
            here.troubled(here.spec("torn", "10.4.0.0/16"), "credentials-refused");
            here.secret("headless", "password: " + PLANTED);
            here.troubled(here.spec("headless", "10.4.0.0/16"), "credentials-refused");
            here.secret("elsewhere", right.cloudsYaml("openstack").replace("127.0.0.1", "127.0.0.2"));
            here.troubled(here.spec("elsewhere", "10.4.0.0/16"), "credentials-refused");

            for (String path : List.of(
                    "/v1/clusters",
                    "/v1/clusters/" + cluster.name() + "/nodes",
                    "/actuator/health",
                    "/actuator/info",
                    "/actuator/prometheus",
                    "/actuator/env",
                    "/actuator/configprops",
                    "/v3/api-docs")) {
                said.add(here.http().get(path).body());
            }
            assertThat(said.getFirst()).contains("credentials-refused").contains("\"secretRef\":\"torn\"");
            assertThat(said).noneMatch(text -> text.contains(PLANTED));
            for (String table : here.world.rows(
                    "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'")) {
                assertThat(here.world.rows("select cast(t as text) from %s t".formatted(table)))
                        .as(table)
                        .noneMatch(row -> row.contains(PLANTED));
            }
            assertThat(everything.lines).isNotEmpty().noneMatch(line -> line.contains(PLANTED));
        } finally {
            root.detachAppender(everything);
        }
    }

    private static String vm(UnderlayWorld here, Tenant tenant, CloudLogin login) {
        return here.vm(new Tenant(tenant.id(), login, io.portolan.testbed.openstack.CloudApi.signIn(login)));
    }
}
