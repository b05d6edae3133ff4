package io.portolan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.PortAddress;
import io.portolan.model.api.PortView;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

class WireTest {
    private final JsonMapper json = JsonMapper.builder().build();

    @Test
    void aPortSurvivesTheWire() {
        PortView port = new PortView(
                PortId.random(),
                NodeId.random(),
                SubnetId.random(),
                List.of(new PortAddress(IpAddress.parse("10.4.0.5"), 26, IpAddress.parse("10.4.0.1"))),
                MacAddress.parse("0a:58:0a:04:00:05"),
                new VlanTag(101),
                "backend",
                PortState.LEASED,
                null,
                "claim",
                3L,
                null,
                null,
                new PodRef("default", "web-0", null),
                null,
                Instant.parse("2026-04-01T02:13:00Z"),
                7);
        String text = json.writeValueAsString(new ClaimAnswer(List.of(port)));
        assertThat(text).contains("\"state\":\"leased\"", "\"vlanTag\":101", "\"address\":\"10.4.0.5\"");
        assertThat(json.readValue(text, ClaimAnswer.class)).isEqualTo(new ClaimAnswer(List.of(port)));
    }

    @Test
    void aMalformedAddressIsNamedWhereItStands() {
        assertThatThrownBy(() -> json.readValue(
                        "{\"address\":\"10.4.0.500\",\"prefixLength\":26,\"gateway\":\"10.4.0.1\"}", PortAddress.class))
                .isInstanceOf(JacksonException.class)
                .hasRootCauseInstanceOf(Malformed.class)
                .hasMessageContaining("address");
    }
}
