package io.portolan.security;

import io.portolan.ipam.Http;
import io.portolan.kit.fuzz.Fuzz;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.networks.NetworkKind;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** A running security-service on a port of its own, with the rights of security-service and no more. */
final class SecurityReplica implements AutoCloseable {
    private final ConfigurableApplicationContext context;

    private SecurityReplica(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** @param settings {@code key=value} */
    static SecurityReplica start(LedgerDatabase ledger, NetworkKind network, String... settings) {
        Database login = ledger.as("security");
        Map<String, String> properties = new HashMap<>(Map.ofEntries(
                Map.entry("server.port", "0"),
                Map.entry("portolan.access.open", "true"),
                Map.entry("spring.datasource.url", login.url()),
                Map.entry("spring.datasource.username", login.user()),
                Map.entry("spring.datasource.password", login.password()),
                Map.entry("spring.datasource.hikari.connection-timeout", "120000"),
                Map.entry("portolan.security.orphan-age", "500ms"),
                Map.entry("portolan.security.grace", "500ms"),
                Map.entry("portolan.security.profiles.resync", "2s"),
                Map.entry("portolan.security.enforcement.resync", "1s"),
                Map.entry("portolan.security.audit.resync", "2s"),
                Map.entry("resilience4j.circuitbreaker.configs.sdn.wait-duration-in-open-state", "1s"),
                Map.entry("logging.level.root", "warn"),
                Map.entry("spring.main.banner-mode", "off")));
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        SpringApplication application = new SpringApplication(SecurityApplication.class);
        application.setRegisterShutdownHook(false);
        application.addInitializers(context ->
                ((GenericApplicationContext) context).registerBean("testingNetwork", NetworkKind.class, () -> network));
        return new SecurityReplica(application.run(properties.entrySet().stream()
                .map(property -> "--" + property.getKey() + "=" + property.getValue())
                .toArray(String[]::new)));
    }

    Http http() {
        return new Http(base());
    }

    String base() {
        return "http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port");
    }

    /** A fuzz of it as it is now, with its loops stopped. */
    Fuzz fuzz(LedgerDatabase ledger) {
        Fuzz.still(context);
        return new Fuzz(http().base(), ledger);
    }

    @Override
    public void close() {
        context.close();
    }
}
