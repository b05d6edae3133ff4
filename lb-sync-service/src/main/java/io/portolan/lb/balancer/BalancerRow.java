package io.portolan.lb.balancer;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** Says which table the repository is of; its statements do the rest. */
@Entity
@Immutable
@Table(name = "load_balancer")
@SuppressWarnings("NullAway.Init") // Hibernate fills the field
class BalancerRow {
    @Id
    private UUID id;

    protected BalancerRow() {}

    UUID id() {
        return id;
    }
}
