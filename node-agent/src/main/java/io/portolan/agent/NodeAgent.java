package io.portolan.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.NodeClock;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cni.CniProperties;
import io.portolan.agent.cni.CniService;
import io.portolan.agent.cni.PortSupply;
import io.portolan.agent.control.ComingPods;
import io.portolan.agent.control.ControlPlane;
import io.portolan.agent.control.Wires;
import io.portolan.agent.demand.ScheduledPods;
import io.portolan.agent.security.LateClosing;
import io.portolan.agent.security.PodSecurity;
import io.portolan.agent.security.PortClosing;
import io.portolan.agent.security.Profiles;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Wiring;
import io.portolan.agent.wiring.WiringProperties;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** How the parts are put together; they are closed in the opposite order. */
@Configuration(proxyBeanMethods = false)
class NodeAgent {
    /** Tells whoever serves pods that ports came or left; nobody yet while the agent starts. */
    static final class PortsChanged implements Runnable {
        private final AtomicReference<Runnable> listener = new AtomicReference<>(() -> {});

        @Override
        public void run() {
            listener.get().run();
        }

        void tell(Runnable whom) {
            listener.set(whom);
        }
    }

    @Bean(destroyMethod = "")
    LateClosing portClosing() {
        return new LateClosing();
    }

    @Bean
    PortsChanged portsChanged() {
        return new PortsChanged();
    }

    @Bean
    OvsdbClient openVSwitch(AgentProperties properties) {
        return OvsdbClient.open(OvsdbOptions.of(List.of(properties.server()), "Open_vSwitch", null));
    }

    @Bean
    PortCache portCache(AgentProperties properties) {
        return PortCache.open(properties.cacheSettings(), NodeClock.system());
    }

    @Bean
    Wiring wiring(AgentProperties agent, WiringProperties properties, OvsdbClient openVSwitch) {
        WiringProperties settings = agent.isInUnderlay() ? properties.underlay() : properties.overlay();
        return Wiring.open(settings, openVSwitch, Checkpoint.NONE);
    }

    /** Empty where no API server is told of: then the node goes by the pods that it has. */
    record Coming(Optional<ScheduledPods> pods) implements AutoCloseable {
        ComingPods orUnknown() {
            return pods.<ComingPods>map(scheduled -> scheduled).orElse(ComingPods.UNKNOWN);
        }

        @Override
        public void close() {
            pods.ifPresent(ScheduledPods::close);
        }
    }

    @Bean
    Coming coming(AgentProperties agent, PortCache cache) {
        return new Coming(agent.kubernetes()
                .client()
                .map(client -> new ScheduledPods(client, agent.cacheSettings().node(), cache)));
    }

    @Bean(initMethod = "start")
    ControlPlane controlPlane(
            AgentProperties properties,
            PortCache cache,
            Wiring wiring,
            OvsdbClient openVSwitch,
            PortsChanged portsChanged,
            LateClosing closing,
            Coming coming,
            SslBundles bundles,
            MeterRegistry meters) {
        ControlPlane control = new ControlPlane(
                properties.controlSettings(bundles),
                cache,
                new Wires(wiring::plumbed, wiring::unplumb, closing),
                chassis(openVSwitch),
                coming.orUnknown(),
                portsChanged,
                meters);
        coming.pods().ifPresent(pods -> pods.tell(control::wanted));
        return control;
    }

    /** ovn-controller names its chassis by the switch's system-id. */
    private static Supplier<Optional<String>> chassis(OvsdbClient openVSwitch) {
        return () -> {
            if (!openVSwitch.isConnected()) {
                return Optional.empty();
            }
            List<Row> rows = openVSwitch
                    .transact(Operation.select("Open_vSwitch").columns("external_ids"))
                    .rows(0);
            return rows.stream()
                    .flatMap(row ->
                            Optional.ofNullable(row.stringMap("external_ids").get("system-id")).stream())
                    .findFirst();
        };
    }

    /** Empty where security-service is not told of: then profiles mean nothing. */
    record Security(Optional<Profiles> profiles, Optional<KubernetesClient> kubernetes) implements AutoCloseable {
        PodSecurity ofPods() {
            return profiles.<PodSecurity>map(enforced -> enforced).orElse(PodSecurity.NONE);
        }

        @Override
        public void close() {
            profiles.ifPresent(Profiles::close);
            kubernetes.ifPresent(KubernetesClient::close);
        }
    }

    @Bean
    Security security(
            AgentProperties agent,
            CniProperties cni,
            PortCache cache,
            Wiring wiring,
            ControlPlane controlPlane,
            LateClosing closing,
            MeterRegistry meters) {
        SecurityProperties properties = agent.security();
        if (properties.urls().isEmpty()) {
            closing.by(PortClosing.NONE);
            return new Security(Optional.empty(), Optional.empty());
        }
        if (properties.bindDeadline().compareTo(cni.addTimeout()) >= 0) {
            throw new IllegalArgumentException(
                    "portolan.agent.security.bind-deadline is shorter than portolan.cni.add-timeout");
        }
        Duration callTimeout = properties.bindDeadline().compareTo(agent.callTimeout()) < 0
                ? properties.bindDeadline()
                : agent.callTimeout();
        Optional<KubernetesClient> kubernetes = agent.kubernetes().client();
        Profiles profiles = new Profiles(
                properties.settings(),
                agent.cacheSettings().node(),
                controlPlane.security(properties.urls(), callTimeout),
                cache,
                wiring,
                kubernetes,
                meters);
        closing.by(profiles);
        profiles.start();
        return new Security(Optional.of(profiles), kubernetes);
    }

    @Bean(destroyMethod = "")
    PodSecurity podSecurity(Security security) {
        return security.ofPods();
    }

    @Bean
    CniService cniService(
            CniProperties properties,
            PortCache cache,
            Wiring wiring,
            ControlPlane controlPlane,
            PodSecurity security,
            PortsChanged portsChanged,
            MeterRegistry meters) {
        CniService service = CniService.start(
                properties, cache, wiring, supply(cache, controlPlane), security, meters, Checkpoint.NONE);
        portsChanged.tell(service::portsChanged);
        return service;
    }

    private static PortSupply supply(PortCache cache, ControlPlane controlPlane) {
        return new PortSupply() {
            @Override
            public void wanted() {
                controlPlane.wanted();
            }

            @Override
            public Optional<String> trouble() {
                return controlPlane.trouble();
            }

            @Override
            public Optional<String> fenced() {
                return cache.fenced();
            }
        };
    }
}
