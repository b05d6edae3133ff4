package io.portolan.testbed;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;
import org.springframework.boot.logging.logback.StructuredLogEncoder;
import org.springframework.core.env.Environment;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The lines that a package of this process logs until this is closed, as {@code logging.structured.format.console: ecs} has them. */
public final class JsonLog implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final List<JsonNode> lines = new CopyOnWriteArrayList<>();
    private final Logger logger;
    private final Level before;
    private final Lines appender = new Lines();

    private JsonLog(Logger logger, Environment environment) {
        this.logger = logger;
        before = logger.getLevel();
        LoggerContext context = logger.getLoggerContext();
        Object known = context.getObject(Environment.class.getName());
        context.putObject(Environment.class.getName(), environment);
        appender.encoder.setContext(context);
        appender.encoder.setCharset(StandardCharsets.UTF_8);
        appender.encoder.setFormat("ecs");
        appender.encoder.start();
        if (known != null) {
            context.putObject(Environment.class.getName(), known);
        }
        appender.setContext(context);
        appender.start();
        logger.setLevel(Level.DEBUG);
        logger.addAppender(appender);
    }

    /**
     * From debug on.
     *
     * @param environment that says what every line has
     */
    public static JsonLog of(String name, Environment environment) {
        return new JsonLog((Logger) LoggerFactory.getLogger(name), environment);
    }

    /** Those whose message has these words. */
    public List<JsonNode> lines(String words) {
        return lines.stream()
                .filter(line -> line.path("message").asString("").contains(words))
                .toList();
    }

    private final class Lines extends AppenderBase<ILoggingEvent> {
        private final StructuredLogEncoder encoder = new StructuredLogEncoder();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(JSON.readTree(encoder.encode(event)));
        }
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setLevel(before);
        appender.stop();
        appender.encoder.stop();
    }
}
