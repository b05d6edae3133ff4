package io.portolan.sdn.neutron;

import io.portolan.sdn.SdnFailure.Refused;
import io.portolan.sdn.SdnFailure.Refused.Reason;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.openstack4j.api.identity.EndpointURLResolver;
import org.openstack4j.model.identity.URLResolverParams;
import org.openstack4j.model.identity.v3.Endpoint;
import org.openstack4j.model.identity.v3.Service;

/**
 * What a request needs besides itself: openstack4j hands it to our connector as the resolver of endpoints. openstack4j's
 * own resolver keeps what it found for ever, for all clouds of the process, and answers Keystone's address where the
 * catalog lacks a service.
 *
 * @param cloud Keystone's URL: what calls are counted by
 */
record Wire(String cloud, HttpClient http, Duration patience, NeutronCalls calls) implements EndpointURLResolver {
    @Override
    public String findURLV2(URLResolverParams params) {
        throw new UnsupportedOperationException("Keystone's API v2");
    }

    @Override
    public String findURLV3(URLResolverParams params) {
        Set<String> regions = new TreeSet<>();
        Optional<String> url = Optional.empty();
        for (Service service : params.token.getCatalog()) {
            if (service.getType().equals(params.type.getType())) {
                for (Endpoint endpoint : service.getEndpoints()) {
                    boolean here = params.region == null || params.region.equals(endpoint.getRegion());
                    if (endpoint.getIface() == params.perspective) {
                        regions.add(String.valueOf(endpoint.getRegion()));
                        url = here ? Optional.of(endpoint.getUrl().toString()) : url;
                    }
                }
            }
        }
        String what = "the %s endpoint of service '%s'".formatted(params.perspective.value(), params.type.getType());
        if (params.region == null && regions.size() > 1) {
            throw new Refused(
                    Reason.NOT_FOUND,
                    "%s is in several regions, %s: region_name in clouds.yaml says which"
                            .formatted(what, String.join(", ", regions)));
        }
        return url.orElseThrow(() -> new Refused(
                Reason.NOT_FOUND,
                "%s is not in the catalog of %s%s%s"
                        .formatted(
                                what,
                                cloud,
                                params.region == null ? "" : " for region " + params.region,
                                regions.isEmpty() ? "" : "; it is for " + String.join(", ", regions))));
    }
}
