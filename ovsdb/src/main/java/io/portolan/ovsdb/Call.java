package io.portolan.ovsdb;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One request and its answer; knows whether its bytes can have reached the server. */
final class Call<T> {

    private enum Phase {
        QUEUED,
        SENT,
        ABANDONED
    }

    final long id;
    final String method;
    final CompletableFuture<T> answer = new CompletableFuture<>();
    private final Function<JsonNode, T> onReply;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.QUEUED);

    /** @param onReply runs on the reading thread, before the next message is read */
    Call(long id, String method, Function<JsonNode, T> onReply) {
        this.id = id;
        this.method = method;
        this.onReply = onReply;
    }

    /** False when nobody waits any more: then it must not be written. */
    boolean startSending() {
        return phase.compareAndSet(Phase.QUEUED, Phase.SENT);
    }

    void reply(JsonNode message) {
        JsonNode error = message.path("error");
        if (!error.isNull() && !error.isMissingNode()) {
            answer.completeExceptionally(JsonIn.refusal(error, -1));
            return;
        }
        try {
            answer.complete(onReply.apply(message.path("result")));
        } catch (RuntimeException e) {
            answer.completeExceptionally(e);
            throw e;
        }
    }

    OvsdbException abandon(String why, @Nullable Throwable cause) {
        boolean unsent = phase.getAndUpdate(p -> p == Phase.QUEUED ? Phase.ABANDONED : p) != Phase.SENT;
        OvsdbException failure = unsent
                ? new OvsdbException.NotConnected(method + " was not sent: " + why, cause)
                : new OvsdbException.OutcomeUnknown(method + " was sent and not answered: " + why, cause);
        answer.completeExceptionally(failure);
        return failure;
    }
}
