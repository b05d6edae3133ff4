package io.portolan.topology;

import io.portolan.ipam.Http;
import io.portolan.kit.fuzz.Fuzz;
import io.portolan.ledger.LedgerDatabase;
import io.portolan.testbed.postgres.PostgresServer.Database;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.restclient.RestClientCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpResponse;

/** A running topology-service on a port of its own, with the rights of topology-service and no more. */
final class TopologyReplica implements AutoCloseable {
    private final ConfigurableApplicationContext context;

    private TopologyReplica(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** @param settings {@code key=value} */
    static TopologyReplica start(LedgerDatabase ledger, Http ipam, TestingNetwork network, String... settings) {
        Database login = ledger.as("topology");
        Map<String, Object> properties = new HashMap<>(Map.ofEntries(
                Map.entry("server.port", "0"),
                Map.entry("portolan.access.open", "true"),
                Map.entry("spring.datasource.url", login.url()),
                Map.entry("spring.datasource.username", login.user()),
                Map.entry("spring.datasource.password", login.password()),
                Map.entry("spring.datasource.hikari.connection-timeout", "120000"),
                Map.entry("portolan.ipam-client.url", ipam.base()),
                Map.entry("portolan.topology.orphan-age", "500ms"),
                Map.entry("portolan.topology.nodes.resync", "2s"),
                Map.entry("portolan.topology.clusters.resync", "2s"),
                Map.entry("portolan.topology.gateways.resync", "2s"),
                Map.entry("resilience4j.circuitbreaker.configs.sdn.wait-duration-in-open-state", "1s"),
                Map.entry("resilience4j.circuitbreaker.configs.ipam.wait-duration-in-open-state", "500ms"),
                Map.entry("resilience4j.timelimiter.configs.sdn.timeout-duration", "20s"),
                Map.entry("logging.level.root", "warn"),
                Map.entry("spring.main.banner-mode", "off")));
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            properties.put(parts[0], parts[1]);
        }
        SpringApplication application = new SpringApplication(TopologyApplication.class);
        application.setRegisterShutdownHook(false);
        application.addInitializers(context -> mortal((GenericApplicationContext) context, network));
        return new TopologyReplica(application.run(properties.entrySet().stream()
                .map(property -> "--" + property.getKey() + "=" + property.getValue())
                .toArray(String[]::new)));
    }

    /** Lets every side effect of the service be its last. */
    private static void mortal(GenericApplicationContext context, TestingNetwork network) {
        context.registerBean("testingNetwork", TestingNetwork.class, () -> network);
        context.registerBean(
                "mortalHttp",
                RestClientCustomizer.class,
                () -> builder -> builder.requestInterceptor((request, body, execution) -> {
                    if (request.getMethod().equals(HttpMethod.GET)) {
                        TestingCrash.alive("GET");
                        return execution.execute(request, body);
                    }
                    String path = request.getURI().getPath();
                    String what = request.getMethod() + " " + path.substring(path.lastIndexOf('/') + 1);
                    return TestingCrash.<ClientHttpResponse>sideEffect(what, () -> {
                        try {
                            return execution.execute(request, body);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                }));
        context.registerBean("mortalRepositories", BeanPostProcessor.class, () -> new BeanPostProcessor() {
            @Override
            public Object postProcessAfterInitialization(Object bean, String name) {
                boolean repository = Set.of(
                                "clusterRepository", "nodeRepository", "gatewayRepository", "floatingIpRepository")
                        .contains(name);
                return repository && !(bean instanceof FactoryBean<?>) ? mortal(bean) : bean;
            }
        });
    }

    private static Object mortal(Object repository) {
        ProxyFactory proxy = new ProxyFactory(repository);
        proxy.addAdvice((MethodInterceptor) call -> call.getMethod().isAnnotationPresent(Modifying.class)
                ? TestingCrash.sideEffect(call.getMethod().getName(), () -> proceed(call))
                : call.proceed());
        return proxy.getProxy();
    }

    private static Object proceed(MethodInvocation call) {
        try {
            return call.proceed();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    Http http() {
        return new Http("http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port"));
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
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
