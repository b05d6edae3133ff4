package io.portolan.agent.cni;

import io.portolan.agent.wiring.Attachment;
import io.portolan.agent.wiring.Plug;
import io.portolan.model.IpAddress;
import io.portolan.model.api.PortAddress;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What goes to the caller's standard output, in the shape of its version of the protocol. */
final class CniAnswers {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private CniAnswers() {}

    /** Interface 0 is the host's end, interface 1 the pod's; addresses are on the latter. */
    static String added(
            CniVersion version,
            Attachment attachment,
            Plug plug,
            Path namespace,
            String interfaceName,
            ObjectNode dns) {
        ObjectNode result = object().put("cniVersion", version.text());
        ArrayNode interfaces = result.putArray("interfaces");
        ObjectNode host = interfaces.addObject().put("name", attachment.hostInterface());
        attachment.hostMac().ifPresent(mac -> host.put("mac", mac.toString()));
        ObjectNode pod = interfaces
                .addObject()
                .put("name", interfaceName)
                .put("mac", plug.mac().toString());
        if (version.atLeast(CniVersion.V1_1_0)) {
            host.put("mtu", attachment.mtu());
            pod.put("mtu", attachment.mtu());
        }
        pod.put("sandbox", namespace.toString());
        ArrayNode ips = result.putArray("ips");
        ArrayNode routes = result.putArray("routes");
        for (PortAddress address : plug.addresses()) {
            boolean v4 = address.address().family() == IpAddress.Family.IPV4;
            ObjectNode ip = ips.addObject();
            if (!version.atLeast(CniVersion.V1_0_0)) {
                ip.put("version", v4 ? "4" : "6");
            }
            ip.put("address", address.address() + "/" + address.prefixLength())
                    .put("gateway", address.gateway().toString())
                    .put("interface", 1);
            routes.addObject()
                    .put("dst", v4 ? "0.0.0.0/0" : "::/0")
                    .put("gw", address.gateway().toString());
        }
        result.set("dns", dns);
        return text(result);
    }

    /** @param version as the caller gave it, so that it can read the answer */
    static String error(String version, CniRefused refused) {
        ObjectNode error = object().put("cniVersion", version)
                .put("code", refused.error().code())
                .put("msg", refused.getMessage());
        if (!refused.details().isEmpty()) {
            error.put("details", refused.details());
        }
        return text(error);
    }

    static String versions(String version) {
        ObjectNode answer = object().put("cniVersion", version);
        ArrayNode supported = answer.putArray("supportedVersions");
        CniVersion.texts().forEach(supported::add);
        return text(answer);
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static String text(ObjectNode json) {
        return JSON.writeValueAsString(json);
    }
}
