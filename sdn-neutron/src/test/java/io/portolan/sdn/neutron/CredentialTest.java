package io.portolan.sdn.neutron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.ClusterId;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.testbed.openstack.CloudLogin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Secrets and tokens: when they are read, asked for and asked for again, and what is said of them. */
class CredentialTest {
    private static final String PASSWORD = "pa55-w0rd-that-nobody-may-see";

    private static NeutronDouble cloud;

    @TempDir
    Path secrets;

    private final NeutronBackends backends = new NeutronBackends();

    @BeforeAll
    static void start() {
        cloud = NeutronDouble.start();
    }

    @AfterAll
    static void stop() {
        cloud.close();
    }

    @AfterEach
    void close() {
        backends.close();
        cloud.tokenLifetime(Duration.ofHours(1));
        cloud.pageSize(0);
    }

    private SdnBackend backend(NeutronTarget target) {
        return backends.backend(ClusterId.random(), target, null);
    }

    private NeutronTarget secret(String yaml) throws IOException {
        Path directory = Files.createDirectories(secrets.resolve("acme"));
        Files.writeString(directory.resolve("clouds.yaml"), yaml);
        return new NeutronTarget(cloud.authUrl().toString(), directory);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "clouds: [                                                        | is no YAML: see line",
                "clouds: {a: {auth: {password: x}}, b: {}}                        | has 2 clouds and none is called 'openstack'",
                "hello                                                            | has no 'clouds'",
                "clouds: {openstack: {region_name: x}}                            | has no 'auth'",
                "clouds: {openstack: {auth: {username: x}}}                       | has neither 'password' nor 'application_credential_id'",
                "clouds: {openstack: {auth: {password: PASSWORD}}}                | has no 'username'",
                "clouds: {openstack: {auth: {username: u, password: PASSWORD}}}   | has no 'project_name'",
                "clouds: {openstack: {auth: {auth_url: 'http://else:1/v3', application_credential_id: i, application_credential_secret: PASSWORD}}} | is for the cloud at http://else:1",
                "clouds: {openstack: {interface: sideways, auth: {application_credential_id: i, application_credential_secret: PASSWORD}}} | has an 'interface'",
                "clouds: {openstack: {cacert: gone.pem, auth: {application_credential_id: i, application_credential_secret: PASSWORD}}} | names a cacert that is not there"
            })
    void aSecretThatIsNoneIsNamedWithoutItsContent(String yaml, String said) throws IOException {
        try (SdnBackend sdn = backend(secret(yaml.replace("PASSWORD", PASSWORD)))) {
            assertThatThrownBy(sdn::check)
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.NOT_AUTHENTICATED, Refused::reason)
                    .satisfies(e -> assertThat(e)
                            .hasMessageContaining("secret 'acme'")
                            .hasMessageContaining(said)
                            .hasMessageNotContaining(PASSWORD));
        }
    }

    @Test
    void aSecretThatComesLaterOrChangesCountsFromTheNextCallOn() throws IOException {
        Tenant tenant = cloud.tenant("rotating");
        NeutronTarget target = new NeutronTarget(cloud.authUrl().toString(), secrets.resolve("acme"));
        try (SdnBackend sdn = backend(target)) {
            assertThatThrownBy(sdn::check).hasMessage("clouds.yaml of secret 'acme' is not there");
            secret(tenant.login().cloudsYaml("openstack"));
            sdn.check();
            CloudLogin changed = cloud.changePassword(tenant, PASSWORD);
            cloud.revokeTokens();
            assertThatThrownBy(sdn::check).hasMessageContaining("does not accept");
            secret(changed.cloudsYaml("my-cloud"));
            sdn.check();
            assertThat(sdn + "" + target + new Secret(target) + new Secret(target).credential())
                    .doesNotContain(PASSWORD);
        }
    }

    @Test
    void aWrongCredentialIsNotShownToKeystoneAgainAndAgain() throws IOException {
        Tenant tenant = cloud.tenant("locked");
        CloudLogin.Password right = (CloudLogin.Password) tenant.login().identity();
        CloudLogin wrong = new CloudLogin(
                cloud.authUrl(),
                new CloudLogin.Password(right.user(), PASSWORD, right.project()),
                tenant.login().region());
        int before = cloud.logins();
        try (SdnBackend sdn = backend(secret(wrong.cloudsYaml("openstack")))) {
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(sdn::check)
                        .asInstanceOf(type(Refused.class))
                        .returns(Reason.NOT_AUTHENTICATED, Refused::reason)
                        .satisfies(e -> assertThat(e).hasMessageNotContaining(PASSWORD));
            }
            assertThat(cloud.logins()).isEqualTo(before + 1);
        }
    }

    @Test
    void manyCallersWithADeadTokenAskForOne() throws Exception {
        Tenant tenant = cloud.tenant("many");
        NeutronTarget target = tenant.target();
        try (SdnBackend sdn = backend(target);
                SdnBackend sister = backend(target)) {
            sdn.check();
            int before = cloud.logins();
            cloud.revokeTokens();
            List<Future<?>> callers = new ArrayList<>();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 16; i++) {
                    callers.add(threads.submit(i % 2 == 0 ? sdn::check : sister::check));
                }
            }
            for (Future<?> caller : callers) {
                caller.get();
            }
            assertThat(cloud.logins()).isEqualTo(before + 1);
        }
    }

    @Test
    void aTokenIsRenewedAheadOfItsEnd() {
        Tenant tenant = cloud.tenant("ahead");
        cloud.tokenLifetime(Duration.ofSeconds(2));
        try (SdnBackend sdn = backend(tenant.target())) {
            long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
            int before = cloud.logins();
            while (System.nanoTime() < end) {
                sdn.check();
            }
            assertThat(cloud.logins() - before).isBetween(2, 8);
            assertThat(backends.calls().snapshot().keySet())
                    .as("nobody met a token that was too old")
                    .allMatch(call -> call.outcome().equals("2xx"));
        }
    }

    @Test
    void listsInPagesAreReadToTheirEnd() {
        Tenant tenant = cloud.tenant("paged");
        TestingNode node = TestingNode.of("10.4.0.0/27", 13, tenant.vmPort());
        cloud.pageSize(5);
        try (SdnBackend sdn = backends.backend(node.cluster(), tenant.target(), null)) {
            node.make(sdn);
            assertThat(sdn.ports().list(node.node())).hasSize(13);
            node.unmake(sdn);
        }
    }

    @Test
    void aPlugOfTheVmMakesItsPodsReady() {
        Tenant tenant = cloud.tenant("plugged");
        TestingNode node = TestingNode.of("10.4.0.0/28", 2, tenant.vmPort());
        try (SdnBackend sdn = backends.backend(node.cluster(), tenant.target(), null)) {
            assertThat(node.make(sdn)).noneMatch(port -> port.ready());
            cloud.plug(node.parent(), true);
            assertThat(sdn.ports().list(node.node())).hasSize(2).allMatch(port -> port.ready());
            cloud.plug(node.parent(), false);
            assertThat(sdn.ports().list(node.node())).noneMatch(port -> port.ready());
            node.unmake(sdn);
        }
    }
}
