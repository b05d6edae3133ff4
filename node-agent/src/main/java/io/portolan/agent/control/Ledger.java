package io.portolan.agent.control;

import io.portolan.model.ClusterName;
import io.portolan.model.NodeId;
import io.portolan.model.NodeName;
import io.portolan.model.PortId;
import io.portolan.model.PortState;
import io.portolan.model.api.CacheReport;
import io.portolan.model.api.CacheReportAnswer;
import io.portolan.model.api.ClaimAnswer;
import io.portolan.model.api.ClaimRequest;
import io.portolan.model.api.NodeRegistration;
import io.portolan.model.api.NodeView;
import io.portolan.model.api.PortPage;
import io.portolan.model.api.PortView;
import io.portolan.model.api.ReleaseAnswer;
import io.portolan.model.api.ReleaseRequest;
import io.portolan.model.api.ReportAnswer;
import io.portolan.model.api.ReportRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.http.HttpMethod;

/** What an agent asks of the two services that own the ledger. */
final class Ledger implements AutoCloseable {
    private static final int PAGE = 1_024;

    private final Replicas topology;
    private final Replicas ipam;

    Ledger(Replicas topology, Replicas ipam) {
        this.topology = topology;
        this.ipam = ipam;
    }

    Answer<NodeView> register(ClusterName cluster, NodeName node, NodeRegistration registration) {
        return topology.call(
                "register",
                HttpMethod.PUT,
                "/v1/clusters/%s/nodes/%s".formatted(cluster, node),
                registration,
                NodeView.class);
    }

    Answer<CacheReportAnswer> tell(ClusterName cluster, NodeName node, CacheReport report) {
        return topology.call(
                "tell",
                HttpMethod.PUT,
                "/v1/clusters/%s/nodes/%s/cache".formatted(cluster, node),
                report,
                CacheReportAnswer.class);
    }

    Answer<ClaimAnswer> claim(NodeId node, ClaimRequest request) {
        return ipam.call("claim", HttpMethod.POST, path(node, "claims"), request, ClaimAnswer.class);
    }

    Answer<ReleaseAnswer> release(NodeId node, ReleaseRequest request) {
        return ipam.call("release", HttpMethod.POST, path(node, "releases"), request, ReleaseAnswer.class);
    }

    Answer<ReportAnswer> report(NodeId node, ReportRequest request) {
        return ipam.call("report", HttpMethod.POST, path(node, "reports"), request, ReportAnswer.class);
    }

    /**
     * Every port that the node holds. Ports change their state while the pages are read: one that is missing may be there,
     * and the last of two that are the same port is the newer one.
     */
    Answer<List<PortView>> held(NodeId node) {
        Map<PortId, PortView> all = new LinkedHashMap<>();
        for (PortState state : List.of(PortState.BOUND, PortState.COOLING, PortState.LEASED)) {
            String cursor = "";
            do {
                String path = path(node, "ports?state=%s&limit=%d%s".formatted(state.text(), PAGE, cursor));
                switch (ipam.call("list", HttpMethod.GET, path, null, PortPage.class)) {
                    case Answer.Given<PortPage>(PortPage page, boolean inDoubt) -> {
                        page.ports().forEach(port -> all.merge(port.id(), port, Ledger::newer));
                        cursor = page.next() == null
                                ? ""
                                : "&cursor=" + URLEncoder.encode(page.next(), StandardCharsets.UTF_8);
                    }
                    case Answer.Refused<PortPage> no -> {
                        return new Answer.Refused<>(
                                no.status(), no.problem(), no.detail(), no.retryAfter(), no.inDoubt());
                    }
                    case Answer.Silence<PortPage>(String why, boolean inDoubt) -> {
                        return new Answer.Silence<>(why, inDoubt);
                    }
                }
            } while (!cursor.isEmpty());
        }
        return new Answer.Given<>(new ArrayList<>(all.values()), false);
    }

    private static PortView newer(PortView one, PortView other) {
        return other.revision() >= one.revision() ? other : one;
    }

    private static String path(NodeId node, String rest) {
        return "/v1/nodes/" + node + "/" + rest;
    }

    @Override
    public void close() {
        topology.close();
        ipam.close();
    }
}
