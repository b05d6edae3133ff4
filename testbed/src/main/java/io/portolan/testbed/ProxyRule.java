package io.portolan.testbed;

import com.sun.net.httpserver.HttpExchange;
import io.portolan.testbed.FaultyProxy.Passing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which calls, and what becomes of them; in force from the moment that the last method says what to do. */
public final class ProxyRule {
    enum Way {
        THERE,
        BACK
    }

    /** What a rule does to a call; true if that ends it. */
    private interface Effect {
        boolean on(Passing call, HttpExchange exchange) throws IOException;
    }

    private final List<ProxyRule> inForce;
    private final String method;
    private final Pattern path;
    private int toSkip;
    private int left = Integer.MAX_VALUE;
    private int hits;
    private volatile @Nullable Effect effect;
    private volatile Way way = Way.THERE;

    ProxyRule(List<ProxyRule> inForce, String method, String path) {
        this.inForce = inForce;
        this.method = method;
        this.path = Pattern.compile(path);
    }

    /** Spares the first so many calls that match. */
    public ProxyRule skip(int count) {
        toSkip = count;
        return this;
    }

    /** Applies so many times, then never again. */
    public ProxyRule times(int count) {
        left = count;
        return this;
    }

    public ProxyRule delay(Duration time) {
        return set(Way.THERE, (call, exchange) -> {
            Waiting.until(time, () -> false);
            return false;
        });
    }

    /** Answers in the service's stead, in the form that OpenStack's errors have. */
    public ProxyRule answer(int status) {
        return answer(status, Map.of());
    }

    public ProxyRule answer(int status, Map<String, String> headers) {
        return answer(status, headers, """
                {"error": {"code": %1$d, "title": "Injected", "message": "the proxy says %1$d"}}""".formatted(status));
    }

    public ProxyRule answer(int status, Map<String, String> headers, String json) {
        return set(Way.THERE, (call, exchange) -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            headers.forEach(exchange.getResponseHeaders()::set);
            FaultyProxy.give(exchange, status, json.getBytes(StandardCharsets.UTF_8));
            return true;
        });
    }

    /** Ends the connection; the service never hears of the call. */
    public ProxyRule dropBefore() {
        return set(Way.THERE, (call, exchange) -> true);
    }

    /** Ends the connection after the service has done what it was asked: the answer is lost. */
    public ProxyRule dropAfter() {
        return set(Way.BACK, (call, exchange) -> true);
    }

    /** Runs this before the call is forwarded. */
    public ProxyRule before(Consumer<Passing> hook) {
        return set(Way.THERE, (call, exchange) -> {
            hook.accept(call);
            return false;
        });
    }

    /** Runs this when the service has answered, before the caller gets the answer. */
    public ProxyRule after(Consumer<Passing> hook) {
        return set(Way.BACK, (call, exchange) -> {
            hook.accept(call);
            return false;
        });
    }

    /** How often it has applied. */
    public int hits() {
        synchronized (this) {
            return hits;
        }
    }

    public void remove() {
        inForce.remove(this);
    }

    private ProxyRule set(Way when, Effect what) {
        way = when;
        effect = what;
        inForce.add(this);
        return this;
    }

    private boolean takes(Passing call, Way now) {
        synchronized (this) {
            if (way != now
                    || left == 0
                    || !(method.equals(FaultyProxy.ANY) || method.equals(call.method()))
                    || !path.matcher(call.path()).matches()) {
                return false;
            }
            if (toSkip > 0) {
                toSkip--;
                return false;
            }
            left--;
            hits++;
            return true;
        }
    }

    /** Whether it applies to this call on this way, and ends it. */
    boolean ends(Passing call, Way now, HttpExchange exchange) throws IOException {
        Effect what = effect;
        return what != null && takes(call, now) && what.on(call, exchange);
    }
}
