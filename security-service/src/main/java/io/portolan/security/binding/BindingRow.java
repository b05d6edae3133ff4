package io.portolan.security.binding;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;

/** Gives its repository a table; everything is read by statements. */
@Entity
@Immutable
@Table(name = "profile_binding")
@SuppressWarnings("NullAway.Init") // Hibernate fills the fields
class BindingRow {
    @Id
    @Column(name = "port_id")
    private UUID portId;

    protected BindingRow() {}

    UUID portId() {
        return portId;
    }
}
