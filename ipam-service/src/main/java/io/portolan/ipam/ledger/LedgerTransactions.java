package io.portolan.ipam.ledger;

import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs a use case in a transaction; the one place where a constraint's name becomes a refusal.
 *
 * <p>Use cases look before they write and refuse in their own words. A constraint speaks only where somebody else was
 * faster between the look and the write; then all was rolled back and the use case runs again: now it sees the other and
 * finds the words. The same goes for a deadlock.
 */
@Component
public final class LedgerTransactions {
    private static final int TRIES = 4;

    /** Constraints that only a race can offend. */
    private static final Set<String> RACES = Set.of(
            "pool_pkey",
            "pool_cidr_no_overlap",
            "pool_cluster_fkey",
            "subnet_cidr_no_overlap",
            "subnet_ordinal_key",
            "subnet_node_fkey",
            "subnet_pool_fkey",
            "port_subnet_fkey",
            "port_cluster_ip_key",
            "port_parent_vlan_tag_key",
            "port_sandbox_interface_key");

    private final TransactionTemplate transactions;

    LedgerTransactions(PlatformTransactionManager manager) {
        this.transactions = new TransactionTemplate(manager);
    }

    public <T> T run(Supplier<T> useCase) {
        for (int attempt = 1; ; attempt++) {
            try {
                return transactions.execute(status -> useCase.get());
            } catch (DataIntegrityViolationException e) {
                String constraint = constraint(e);
                if (constraint == null) {
                    throw e;
                }
                if (constraint.equals("port_backend_id_key")) {
                    throw new LedgerRefused.BackendIdTaken();
                }
                if (!RACES.contains(constraint)) {
                    throw e;
                }
                if (attempt == TRIES) {
                    throw new LedgerRefused.Conflict(constraint);
                }
            } catch (PessimisticLockingFailureException e) {
                if (attempt == TRIES) {
                    throw e;
                }
            }
        }
    }

    /** From the driver: Hibernate does not name exclusion constraints. */
    private static @Nullable String constraint(DataIntegrityViolationException e) {
        return e.getMostSpecificCause() instanceof PSQLException refusal && refusal.getServerErrorMessage() != null
                ? refusal.getServerErrorMessage().getConstraint()
                : null;
    }
}
