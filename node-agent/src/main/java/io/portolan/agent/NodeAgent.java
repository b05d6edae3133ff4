package io.portolan.agent;

import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.agent.cache.NodeClock;
import io.portolan.agent.cache.PortCache;
import io.portolan.agent.cni.CniProperties;
import io.portolan.agent.cni.CniService;
import io.portolan.agent.cni.PortSupply;
import io.portolan.agent.control.ControlPlane;
import io.portolan.agent.control.Wires;
import io.portolan.agent.wiring.Checkpoint;
import io.portolan.agent.wiring.Wiring;
import io.portolan.agent.wiring.WiringProperties;
import io.portolan.ovsdb.Operation;
import io.portolan.ovsdb.OvsdbClient;
import io.portolan.ovsdb.OvsdbOptions;
import io.portolan.ovsdb.Row;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
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

    @Bean(initMethod = "start")
    ControlPlane controlPlane(
            AgentProperties properties,
            PortCache cache,
            Wiring wiring,
            OvsdbClient openVSwitch,
            PortsChanged portsChanged,
            MeterRegistry meters) {
        return new ControlPlane(
                properties.controlSettings(),
                cache,
                new Wires(wiring::plumbed, wiring::unplumb),
                chassis(openVSwitch),
                portsChanged,
                meters);
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

    @Bean
    CniService cniService(
            CniProperties properties,
            PortCache cache,
            Wiring wiring,
            ControlPlane controlPlane,
            PortsChanged portsChanged,
            MeterRegistry meters) {
        CniService service =
                CniService.start(properties, cache, wiring, supply(cache, controlPlane), meters, Checkpoint.NONE);
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
