package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OvsdbEndpointTest {

    @Test
    void aListOfEveryKindIsRead() {
        assertThat(OvsdbEndpoint.parseList("unix:/run/db.sock, tcp:ovn.example:6641,ssl:[::1]:6642"))
                .containsExactly(
                        new OvsdbEndpoint.Unix(Path.of("/run/db.sock")),
                        new OvsdbEndpoint.Tcp("ovn.example", 6641),
                        new OvsdbEndpoint.Ssl("::1", 6642));
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix:/run/db.sock", "tcp:10.0.0.1:6641", "tcp:[fe80::1]:6641", "ssl:host:1"})
    void anEndpointIsPrintedAsItIsWritten(String text) {
        assertThat(OvsdbEndpoint.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\" | no OVSDB endpoint",
                "ptcp:6640 | no OVSDB endpoint",
                "/run/db.sock | no OVSDB endpoint",
                "unix: | absolute",
                "unix:db.sock | absolute",
                "tcp:host | expected host:port",
                "tcp::6640 | expected host:port",
                "tcp:host:http | 'http' is no port number",
                "tcp:host:0 | 1 to 65535",
                "ssl:host:65536 | 1 to 65535",
                "tcp:::1:6640 | [address]:port",
                "tcp:a:1, | no OVSDB endpoint",
            })
    void whatIsWrittenWronglyIsSaid(String text, String complaint) {
        assertThatThrownBy(() -> OvsdbEndpoint.parseList(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void anSslEndpointNeedsAContext() {
        assertThatThrownBy(() -> OvsdbOptions.of("ssl:127.0.0.1:1", "X")).hasMessageContaining("SSLContext");
    }
}
