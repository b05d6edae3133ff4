package io.portolan.ipam.port;

import jakarta.persistence.ColumnResult;
import jakarta.persistence.ConstructorResult;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.SqlResultSetMapping;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/**
 * The entity that repositories of ports are declared on. Ports are written by set-based statements alone and read as
 * {@link PortRow}: an entity that Hibernate had loaded before would hide what a statement changed.
 */
@Entity
@Immutable
@Table(name = "port")
@SqlResultSetMapping(
        name = PortRow.MAPPING,
        classes =
                @ConstructorResult(
                        targetClass = PortRow.class,
                        columns = {
                            @ColumnResult(name = "id", type = UUID.class),
                            @ColumnResult(name = "nodeId", type = UUID.class),
                            @ColumnResult(name = "subnetId", type = UUID.class),
                            @ColumnResult(name = "ip", type = String.class),
                            @ColumnResult(name = "prefixLength", type = Integer.class),
                            @ColumnResult(name = "gateway", type = String.class),
                            @ColumnResult(name = "mac", type = String.class),
                            @ColumnResult(name = "vlanTag", type = Integer.class),
                            @ColumnResult(name = "backendId", type = String.class),
                            @ColumnResult(name = "state", type = String.class),
                            @ColumnResult(name = "stateReason", type = String.class),
                            @ColumnResult(name = "claim", type = UUID.class),
                            @ColumnResult(name = "leaseEpoch", type = Long.class),
                            @ColumnResult(name = "sandbox", type = String.class),
                            @ColumnResult(name = "networkInterface", type = String.class),
                            @ColumnResult(name = "podNamespace", type = String.class),
                            @ColumnResult(name = "podName", type = String.class),
                            @ColumnResult(name = "podUid", type = String.class),
                            @ColumnResult(name = "releasedAt", type = Instant.class),
                            @ColumnResult(name = "changedAt", type = Instant.class),
                            @ColumnResult(name = "revision", type = Long.class)
                        }))
@SuppressWarnings("NullAway.Init") // Hibernate fills the field
public class Port {
    @Id
    private UUID id;

    protected Port() {}
}
