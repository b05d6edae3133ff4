package io.portolan.ipam.port;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/**
 * The entity that repositories of ports are declared on. Ports are written by set-based statements alone and read as
 * {@link PortRow}: an entity that Hibernate had loaded before would hide what a statement changed.
 */
@Entity
@Immutable
@Table(name = "port")
@SuppressWarnings("NullAway.Init") // Hibernate fills the field
public class Port {
    @Id
    private UUID id;

    protected Port() {}
}
