package io.portolan.ipam;

import io.portolan.kit.fuzz.Fuzz;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A running ipam-service on a port of its own, with the rights of ipam-service and no more. */
public final class Replica implements AutoCloseable {
    private final ConfigurableApplicationContext context;

    private Replica(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** @param settings {@code key=value} */
    public static Replica start(LedgerDatabase ledger, String... settings) {
        Database login = ledger.as("ipam");
        Map<String, Object> properties = new HashMap<>(Map.of(
                "server.port", "0",
                "spring.datasource.url", login.url(),
                "spring.datasource.username", login.user(),
                "spring.datasource.password", login.password(),
                "spring.datasource.hikari.connection-timeout", "120000",
                "portolan.ipam.upkeep.interval", "1h",
                "portolan.access.open", "true",
                "logging.level.root", "warn",
                "spring.main.banner-mode", "off"));
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        SpringApplication application = new SpringApplicationBuilder(IpamApplication.class).build();
        application.setRegisterShutdownHook(false);
        return new Replica(application.run(properties.entrySet().stream()
                .map(property -> "--" + property.getKey() + "=" + property.getValue())
                .toArray(String[]::new)));
    }

    public Http http() {
        return new Http("http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port"));
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** A fuzz of it as it is now, with its loops stopped. */
    public Fuzz fuzz(LedgerDatabase ledger) {
        Fuzz.still(context);
        return new Fuzz(http().base(), ledger);
    }

    @Override
    public void close() {
        context.close();
    }
}
