package io.portolan.ovsdb;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Whether a server may be used for a database, by what its {@code _Server} database says: it serves the database, is
 * connected to its cluster, leads it when only the leader will do, and is not behind what this client saw elsewhere.
 */
final class Fitness {

    private static final String MONITOR = "portolan-server";

    /** How far along a cluster's log this client has looked; another cluster id starts anew. */
    private record Seen(@Nullable UUID cluster, long index) {}

    private record Member(UUID row, boolean connected, boolean leader, Optional<UUID> cluster, OptionalLong index) {}

    private final String database;
    private final boolean leaderOnly;
    private @Nullable Member member;
    private Seen seen = new Seen(null, -1);

    Fitness(OvsdbOptions options) {
        this.database = options.database();
        this.leaderOnly = options.leaderOnly();
    }

    /** Returns why the server is unfit; keeps watching through {@link #notified}. */
    Optional<String> check(Link link) {
        try {
            link.setUp("set_db_change_aware", json -> json.writeBoolean(true), result -> true);
        } catch (OvsdbException.Refused e) {
            if (e.reason() != OvsdbException.Reason.UNKNOWN_METHOD) {
                throw e;
            }
        }
        try {
            return link.setUp(
                    "monitor",
                    json -> {
                        json.writeString("_Server");
                        json.writeString(MONITOR);
                        json.writeStartObject();
                        json.writeObjectPropertyStart("Database");
                        JsonOut.strings(json, "columns", List.of("name", "connected", "leader", "cid", "index"));
                        json.writeEndObject();
                        json.writeEndObject();
                    },
                    result -> {
                        member = null;
                        return update(result);
                    });
        } catch (OvsdbException.Refused e) {
            if (e.reason() == OvsdbException.Reason.UNKNOWN_DATABASE) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Returns why the server has become unfit. */
    Optional<String> notified(String method, JsonNode params) {
        boolean ours = method.equals("update") && params.path(0).asString("").equals(MONITOR);
        return ours ? update(params.path(1)) : Optional.empty();
    }

    private Optional<String> update(JsonNode tables) {
        for (var entry : tables.path("Database").properties()) {
            UUID id = UUID.fromString(entry.getKey());
            JsonNode now = entry.getValue().path("new");
            if (now.isObject()) {
                Row row = JsonIn.row(now);
                if (row.string("name").equals(database)) {
                    member = new Member(
                            id,
                            row.bool("connected"),
                            row.bool("leader"),
                            row.optionalUuid("cid"),
                            row.optionalInteger("index"));
                }
            } else if (member != null && member.row().equals(id)) {
                member = null;
            }
        }
        return complaint();
    }

    private Optional<String> complaint() {
        Member now = member;
        if (now == null) {
            return Optional.of("serves no database '" + database + "'");
        }
        if (!now.connected()) {
            return Optional.of("is not connected to its cluster");
        }
        if (leaderOnly && !now.leader()) {
            return Optional.of("is not the leader");
        }
        if (now.cluster().isPresent()) {
            long index = now.index().orElse(0);
            boolean same = now.cluster().get().equals(seen.cluster());
            if (same && index < seen.index()) {
                return Optional.of("is behind: at " + index + ", " + seen.index() + " was seen elsewhere");
            }
            seen = new Seen(now.cluster().get(), index);
        }
        return Optional.empty();
    }
}
