package io.portolan.lb;

import io.portolan.ipam.Http;
import io.portolan.kit.fuzz.Fuzz;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.networks.NetworkKind;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** A running lb-sync-service on a port of its own, with the rights of lb-sync-service and no more. */
public final class LbReplica implements AutoCloseable {
    private final ConfigurableApplicationContext context;

    private LbReplica(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** @param settings {@code key=value} */
    public static LbReplica start(LedgerDatabase ledger, Path secrets, NetworkKind network, String... settings) {
        Map<String, String> properties = new HashMap<>(properties(ledger, secrets));
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        SpringApplication application = new SpringApplication(LbSyncApplication.class);
        application.setRegisterShutdownHook(false);
        application.addInitializers(context ->
                ((GenericApplicationContext) context).registerBean("testingNetwork", NetworkKind.class, () -> network));
        return new LbReplica(application.run(properties.entrySet().stream()
                .map(property -> "--" + property.getKey() + "=" + property.getValue())
                .toArray(String[]::new)));
    }

    /** What a replica is told on its command line. */
    static Map<String, String> properties(LedgerDatabase ledger, Path secrets) {
        Database login = ledger.as("lb");
        return Map.ofEntries(
                Map.entry("server.port", "0"),
                Map.entry("portolan.access.open", "true"),
                Map.entry("spring.datasource.url", login.url()),
                Map.entry("spring.datasource.username", login.user()),
                Map.entry("spring.datasource.password", login.password()),
                Map.entry("spring.datasource.hikari.connection-timeout", "120000"),
                Map.entry("portolan.lb.secrets", secrets.toString()),
                Map.entry("portolan.lb.replica", "replica-" + UUID.randomUUID()),
                Map.entry("portolan.lb.orphan-age", "1s"),
                Map.entry("portolan.lb.reopen", "500ms"),
                Map.entry("portolan.lb.loop.resync", "2s"),
                Map.entry("portolan.lb.lease.duration", "6s"),
                Map.entry("portolan.lb.lease.renew-deadline", "4s"),
                Map.entry("portolan.lb.lease.retry", "500ms"),
                Map.entry("logging.level.root", "warn"),
                Map.entry("spring.main.banner-mode", "off"));
    }

    public Http http() {
        return new Http("http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port"));
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
