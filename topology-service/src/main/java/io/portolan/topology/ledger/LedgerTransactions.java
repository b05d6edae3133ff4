package io.portolan.topology.ledger;

import java.util.Map;
import java.util.function.Supplier;
import org.hibernate.exception.ConstraintViolationException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs a use case in a transaction; the one place where a constraint's name becomes a refusal.
 *
 * <p>A constraint that speaks of a race between two writers, and a deadlock, make the use case run again: now it sees the
 * other one.
 */
@Component
public final class LedgerTransactions {
    private static final int TRIES = 5;

    private final TransactionTemplate transactions;

    LedgerTransactions(PlatformTransactionManager manager) {
        this.transactions = new TransactionTemplate(manager);
    }

    /** @param refusals by the constraint's name; a constraint that is not named here is a race */
    public <T> T run(Supplier<T> useCase, Map<String, ? extends Supplier<? extends RuntimeException>> refusals) {
        for (int attempt = 1; ; attempt++) {
            try {
                return transactions.execute(status -> useCase.get());
            } catch (DataIntegrityViolationException e) {
                Supplier<? extends RuntimeException> refusal = refusals.get(constraint(e));
                if (refusal != null) {
                    throw refusal.get();
                }
                if (attempt == TRIES) {
                    throw e;
                }
            } catch (PessimisticLockingFailureException e) {
                if (attempt == TRIES) {
                    throw e;
                }
            }
        }
    }

    private static String constraint(DataIntegrityViolationException e) {
        return e.getCause() instanceof ConstraintViolationException violation
                ? String.valueOf(violation.getConstraintName())
                : "";
    }
}
