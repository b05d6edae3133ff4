package io.portolan.ipam.subnet;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** The entity that the repository of subnets is declared on; see {@link io.portolan.ipam.port.Port}. */
@Entity
@Immutable
@Table(name = "subnet")
@SuppressWarnings("NullAway.Init") // Hibernate fills the field
class Subnet {
    @Id
    private UUID id;

    protected Subnet() {}
}
