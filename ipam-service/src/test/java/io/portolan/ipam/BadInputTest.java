package io.portolan.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.model.NodeId;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {
    private static final String ID = "00000000-0000-4000-8000-000000000001";
    private static final String REPORT =
            "{'id':'%1$s','port':'%1$s','kind':'BOUND','sandbox':'s','networkInterface':'eth0','at':'2026-01-01T00:00:00Z'}"
                    .formatted(ID);

    private final World.TestingCluster cluster = World.clusterWithPool("10.4.0.0/20", 30);
    private final NodeId node = World.node(cluster);

    /** NODE, CLUSTER and ID stand for the test's own, ' for a quotation mark. */
    private String real(String text) {
        return text.replace("NODE", node.toString())
                .replace("CLUSTER", cluster.name())
                .replace("ID", ID)
                .replace('\'', '"');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':'10.4.0.1/16'}         | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':'10.4.0.0'}            | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':'10.4.0.0/33'}         | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':'010.4.0.0/16'}        | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':'fd00::/48'}           | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':null}                  | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {}                             | invalid | cidr",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | {'cidr':                       | invalid | ~~",
                "PUT  | /v1/clusters/CLUSTER/pools/b  | ~~                             | invalid | ~~",
                "PUT  | /v1/clusters/CLUSTER/pools/B_ | {'cidr':'10.4.0.0/24'}         | invalid | pool",
                "PUT  | /v1/clusters/Bad_/pools/b     | {'cidr':'10.4.0.0/24'}         | invalid | cluster",
                "PUT  | /v1/nodes/NODE/subnets/0      | {}                             | invalid | prefixLength",
                "PUT  | /v1/nodes/NODE/subnets/0      | {'prefixLength':99999999999}   | invalid | prefixLength",
                "PUT  | /v1/nodes/NODE/subnets/0      | {'prefixLength':'wide'}        | invalid | prefixLength",
                "PUT  | /v1/nodes/NODE/subnets/-1     | {'prefixLength':26}            | invalid | ordinal",
                "PUT  | /v1/nodes/NODE/subnets/x      | {'prefixLength':26}            | invalid | ordinal",
                "PUT  | /v1/nodes/1-1-1-1-1/subnets/0 | {'prefixLength':26}            | invalid | node",
                "POST | /v1/nodes/NODE/claims   | {'claim':'ID','epoch':1,'count':0}      | invalid | count",
                "POST | /v1/nodes/NODE/claims   | {'claim':'ID','epoch':1,'count':-1}     | invalid | count",
                "POST | /v1/nodes/NODE/claims   | {'claim':'ID','epoch':1,'count':257}    | invalid | count",
                "POST | /v1/nodes/NODE/claims   | {'claim':'ID','epoch':1}                | invalid | count",
                "POST | /v1/nodes/NODE/claims   | {'epoch':1,'count':1}                   | invalid | claim",
                "POST | /v1/nodes/NODE/claims   | {'claim':'one','epoch':1,'count':1}     | invalid | claim",
                "POST | /v1/nodes/NODE/claims   | {'claim':'ID','count':1}                | invalid | epoch",
                "POST | /v1/nodes/NODE/releases | {'epoch':1}                             | invalid | ports",
                "POST | /v1/nodes/NODE/releases | {'epoch':1,'ports':['x']}               | invalid | ports[0]",
                "POST | /v1/nodes/NODE/reports  | {'epoch':1,'reports':[{'id':'ID'}]}     | invalid | reports[0].port",
                "POST | /v1/nodes/NODE/transitions | {'from':'planned','to':'odd','ports':[]}         | invalid | to",
                "POST | /v1/nodes/NODE/transitions | {'from':'planned','to':'free','ports':[]}        | no-such-transition | to",
                "POST | /v1/nodes/NODE/transitions | {'from':'planned','to':'provisioning'}           | invalid | ports",
                "POST | /v1/nodes/NODE/removals | {'ports':[null,'x']}                    | invalid | ports[0]",
                "POST | /v1/nodes/NODE/drains   | {}                                      | invalid | force",
                "GET  | /v1/nodes/NODE/ports?state=odd                     | | invalid | state",
                "GET  | /v1/nodes/NODE/ports?limit=0                       | | invalid | limit",
                "GET  | /v1/nodes/NODE/ports?limit=1025                    | | invalid | limit",
                "GET  | /v1/nodes/NODE/ports?cursor=there                  | | invalid | cursor",
                "GET  | /v1/clusters/CLUSTER/ports?limit=-1                | | invalid | limit",
                "GET  | /v1/clusters/CLUSTER/utilisation?limit=0           | | invalid | limit",
                "GET  | /v1/clusters/CLUSTER/utilisation?cursor=%00        | | invalid | cursor",
                "GET  | /v1/clusters/CLUSTER/utilisation?cursor=%ff        | | invalid | ~~",
                "GET  | /v1/clusters/CLUSTER;a=b/utilisation               | | invalid | ~~",
                "GET  | /v1/ports/x                                        | | invalid | port",
                "GET  | /v1/clusters/CLUSTER/addresses/10.4.0.500          | | invalid | ip",
                "GET  | /v1/clusters/CLUSTER/addresses/10.4.5              | | invalid | ip",
                "GET  | /v1/clusters/CLUSTER/addresses/10.4.0.5/history?at=yesterday      | | invalid | at",
                "GET  | /v1/clusters/CLUSTER/addresses/10.4.0.5/history?cursor=x          | | invalid | cursor",
                "GET  | /v1/clusters/CLUSTER/addresses/10.4.0.5/history?limit=0           | | invalid | limit",
                "GET  | /v1/clusters/CLUSTER/addresses/10.4.0.5/history?at=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z | | invalid | at"
            })
    void badInputIsNamedAndChangesNothing(String method, String path, String body, String slug, String field) {
        World.changingNothing(
                cluster,
                () -> World.http()
                        .send(method, real(path), body == null ? null : real(body), "application/json")
                        .assertProblem(400, slug, field));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'kind':'BOUND'             | 'kind':'STOLEN'             | reports[0].kind",
                "'sandbox':'s'              | 'sandbox':''                | reports[0].sandbox",
                "'sandbox':'s'              | 'sandbox':'a b'             | reports[0].sandbox",
                "'sandbox':'s'              | 'sandbox':'\\u0000'         | reports[0].sandbox",
                "'networkInterface':'eth0'  | 'networkInterface':'a-name-too-long-for-linux' | reports[0].networkInterface",
                "'at':'2026-01-01T00:00:00Z' | 'at':'then'                | reports[0].at",
                "'at':'2026-01-01T00:00:00Z' | 'at':null                  | reports[0].at",
                "'sandbox':'s'              | 'sandbox':'s','pod':{'namespace':'n','name':''}   | reports[0].pod.name",
                "'sandbox':'s'              | 'sandbox':'s','pod':{'namespace':'n'}             | reports[0].pod.name"
            })
    void badReportsAreNamedAndChangeNothing(String part, String other, String field) {
        String body = "{'epoch':1,'reports':[" + REPORT.replace(part, other) + "]}";
        World.changingNothing(
                cluster,
                () -> World.http()
                        .post("/v1/nodes/" + node + "/reports", real(body))
                        .assertProblem(400, "invalid", field));
    }

    @ParameterizedTest
    @CsvSource({"releases, ports, 1025", "removals, ports, 4097", "reports, reports, 257"})
    void longListsAreRefused(String what, String member, int size) {
        String item = what.equals("reports") ? REPORT : "'" + ID + "'";
        String items = IntStream.range(0, size).mapToObj(i -> item).collect(Collectors.joining(","));
        World.changingNothing(
                cluster,
                () -> World.http()
                        .post("/v1/nodes/" + node + "/" + what, real("{'epoch':1,'" + member + "':[" + items + "]}"))
                        .assertProblem(400, "invalid", member));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/clusters/nowhere/pools",
                "/v1/clusters/nowhere/ports",
                "/v1/clusters/nowhere/utilisation",
                "/v1/clusters/nowhere/addresses/10.4.0.5",
                "/v1/clusters/nowhere/addresses/10.4.0.5/history"
            })
    void anUnknownClusterIsSaidToBe(String path) {
        World.http().get(path).assertProblem(404, "unknown-cluster", "cluster");
    }

    @Test
    void whatIsUnknownIsSaidToBe() {
        String nobody = "/v1/nodes/" + UUID.randomUUID();
        World.http().get(nobody + "/ports").assertProblem(404, "unknown-node", "node");
        World.http().get(nobody + "/subnets").assertProblem(404, "unknown-node", "node");
        World.http().post(nobody + "/drains", "{\"force\":true}").assertProblem(404, "unknown-node", "node");
        World.http()
                .post(nobody + "/reports", "{\"epoch\":1,\"reports\":[]}")
                .assertProblem(404, "unknown-node", "node");
        World.http().get("/v1/ports/" + UUID.randomUUID()).assertProblem(404, "unknown-port", "port");
        World.http()
                .put("/v1/clusters/nowhere/pools/a", "{\"cidr\":\"10.4.0.0/16\"}")
                .assertProblem(404, "unknown-cluster", "cluster");
        World.http().get("/v1/nothing").assertProblem(404, "not-found", "");
        World.http().delete("/v1/ports/" + UUID.randomUUID()).assertProblem(405, "method-not-allowed", "");
    }

    @Test
    void membersOfALaterReleaseAreLetBe() {
        World.freePorts(node, 0, 29);
        World.http()
                .post("/v1/nodes/" + node + "/claims", real("{'claim':'ID','epoch':1,'count':1,'mood':{'a':[1]}}"))
                .assertStatus(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "'x'",
                "{'epoch':{},'ports':[]}",
                "{'epoch':1,'ports':[{}]}",
                "{'epoch':1,'ports':true}",
                "{'epoch':1,'ports':[null]}"
            })
    void aRefusalNamesNoClass(String body) {
        assertThat(World.http()
                        .post("/v1/nodes/" + node + "/releases", real(body))
                        .assertStatus(400)
                        .body())
                .doesNotContain("io.portolan", "java.", "Token", "Exception");
    }

    @Test
    void whoTakesNoJsonIsRefusedBeforeAnythingIsDone() throws Exception {
        World.freePorts(node, 0, 29);
        HttpRequest claim = HttpRequest.newBuilder(URI.create(World.http().base() + "/v1/nodes/" + node + "/claims"))
                .header("Content-Type", "application/json")
                .header("Accept", "application/xml")
                .POST(HttpRequest.BodyPublishers.ofString(real("{'claim':'ID','epoch':1,'count':1}")))
                .build();
        List<String> before = World.dump(cluster);
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(claim, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(406);
        }
        assertThat(World.dump(cluster)).isEqualTo(before);
    }

    @Test
    void anotherContentTypeIsRefused() {
        World.changingNothing(
                cluster,
                () -> World.http()
                        .send("POST", "/v1/nodes/" + node + "/claims", "count=1", "text/plain")
                        .assertProblem(415, "unsupported-media-type", ""));
    }

    @Test
    void anOversizedBodyIsRefusedWhetherOrNotItSaysItsSize() throws Exception {
        String body = "{\"epoch\":1,\"ports\":[\"" + "x".repeat(1 << 20) + "\"]}";
        World.changingNothing(
                cluster,
                () -> World.http()
                        .post("/v1/nodes/" + node + "/releases", body)
                        .assertProblem(413, "body-too-large", ""));
        HttpRequest chunked = HttpRequest.newBuilder(
                        URI.create(World.http().base() + "/v1/nodes/" + node + "/releases"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8))))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(chunked, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(413);
        }
    }
}
