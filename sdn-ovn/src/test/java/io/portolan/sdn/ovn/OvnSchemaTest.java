package io.portolan.sdn.ovn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.portolan.model.ProfileId;
import io.portolan.sdn.ProfileSpec;
import io.portolan.sdn.SdnBackend;
import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import io.portolan.testbed.OvnCentral;
import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Servers whose schema is not the installed one. */
class OvnSchemaTest {
    private static final String OPTIONAL_TEXT = """
            {"type": {"key": "string", "min": 0, "max": 1}}""";

    private final Workspace workspace = Workspace.create();
    private int served;
    private final JsonMapper json = JsonMapper.builder().build();

    @AfterEach
    void stop() {
        workspace.close();
    }

    private TestingCentral serving(Consumer<ObjectNode> change) {
        ObjectNode schema = (ObjectNode) json.readTree(OvnCentral.NORTHBOUND_SCHEMA.toFile());
        change.accept((ObjectNode) schema.get("tables"));
        schema.remove("cksum");
        String name = "nb" + served++;
        Path file = workspace.directory().resolve(name + ".ovsschema");
        json.writeValue(file.toFile(), schema);
        return new TestingCentral(
                OvsdbServer.in(workspace, name).database(file).start().unixRemote());
    }

    private static ObjectNode columns(ObjectNode tables, String table) {
        return (ObjectNode) tables.get(table).get("columns");
    }

    private void makesMendsAndUnmakes(TestingCentral northbound) {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/27", 20);
        try (northbound;
                SdnBackend backend = northbound.backend(cluster.id())) {
            cluster.make(backend);
            var made = northbound.dump();
            cluster.make(backend);
            assertThat(northbound.dump()).isEqualTo(made);
            cluster.unmake(backend);
            assertThat(northbound.dump()).isEmpty();
        }
    }

    @Test
    void aSchemaThatHasMoreColumnsServes() {
        makesMendsAndUnmakes(serving(tables -> {
            columns(tables, "Logical_Switch_Port").set("peer", json.readTree(OPTIONAL_TEXT));
            columns(tables, "Logical_Router_Port").set("dhcp_relay", json.readTree(OPTIONAL_TEXT));
            columns(tables, "Logical_Router_Port").set("status", json.readTree(OPTIONAL_TEXT));
        }));
    }

    @Test
    void aSchemaWithoutTheColumnsThatWeKeepEmptyServes() {
        makesMendsAndUnmakes(serving(tables -> {
            columns(tables, "Logical_Switch_Port").remove("ha_chassis_group");
            columns(tables, "Logical_Router_Port").remove("ha_chassis_group");
            columns(tables, "Logical_Router_Port").remove("ipv6_ra_configs");
        }));
    }

    @Test
    void aSchemaWithoutWhatWeNeedIsRefusedByName() {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/27", 1);
        try (TestingCentral northbound =
                        serving(tables -> columns(tables, "Logical_Switch_Port").remove("port_security"));
                SdnBackend backend = northbound.backend(cluster.id())) {
            assertThatThrownBy(() -> cluster.make(backend))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.NOT_SUPPORTED, Refused::reason)
                    .satisfies(e -> assertThat(e).hasMessageContaining("port_security"));
        }
    }

    @Test
    void profilesNeedWhatTheyNeedByNameAndNoNorthd() {
        TestingCluster cluster = TestingCluster.of("10.4.0.0/27", 1);
        ProfileSpec spec = new ProfileSpec(new ProfileId(UUID.randomUUID()), "web", List.of());
        try (TestingCentral northbound = serving(tables -> {
                    columns(tables, "ACL").remove("label");
                    columns(tables, "ACL").remove("meter");
                });
                SdnBackend backend = northbound.backend(cluster.id())) {
            cluster.make(backend);
            backend.security().ensureProfiles(List.of(spec));
            assertThat(backend.security().close(List.of(cluster.node())).mark()).isOne();
        }
        try (TestingCentral northbound =
                        serving(tables -> columns(tables, "ACL").remove("options"));
                SdnBackend backend = northbound.backend(cluster.id())) {
            cluster.make(backend);
            assertThatThrownBy(() -> backend.security().close(List.of(cluster.node())))
                    .asInstanceOf(type(Refused.class))
                    .returns(Reason.NOT_SUPPORTED, Refused::reason)
                    .satisfies(e -> assertThat(e).hasMessageContaining("options in ACL"));
        }
    }
}
