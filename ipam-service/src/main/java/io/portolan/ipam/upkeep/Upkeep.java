package io.portolan.ipam.upkeep;

import io.portolan.ipam.ledger.LedgerTransactions;
import io.portolan.kit.loop.Outcome;
import io.portolan.kit.loop.Reconciler;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.stereotype.Component;

/**
 * The service's chores. Each is a key of a loop, so one replica does it at a time; each is safe when two do it at once.
 */
@Component
class Upkeep implements Reconciler<Upkeep.Chore>, SmartInitializingSingleton {
    /** What there is to do. */
    enum Chore {
        COOL_DOWN,
        HISTORY
    }

    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
    private static final int BATCH = 1_024;

    /** The month before, this one and two ahead. */
    private static final int MONTHS = 4;

    private final LedgerTransactions transactions;
    private final UpkeepRepository ledger;
    private final UpkeepProperties properties;

    Upkeep(LedgerTransactions transactions, UpkeepRepository ledger, UpkeepProperties properties) {
        this.transactions = transactions;
        this.ledger = ledger;
        this.properties = properties;
    }

    /** This month's history has its place before the first request writes some. */
    @Override
    public void afterSingletonsInstantiated() {
        makeMonths(LocalDate.now(ZoneOffset.UTC));
    }

    @Override
    public Set<Chore> keys() {
        return EnumSet.allOf(Chore.class);
    }

    @Override
    public Outcome reconcile(Chore chore) {
        switch (chore) {
            case COOL_DOWN -> coolDown();
            case HISTORY -> keepHistory(LocalDate.now(ZoneOffset.UTC));
        }
        return Outcome.DONE;
    }

    int coolDown() {
        int all = 0;
        int freed;
        do {
            freed = transactions.run(() -> ledger.coolDown(BATCH));
            all += freed;
        } while (freed == BATCH);
        return all;
    }

    void keepHistory(LocalDate today) {
        makeMonths(today);
        int forgotten = transactions.run(() -> {
            ledger.lock("months of history");
            return ledger.forget(today.minusDays(properties.retention().toDays()));
        });
        if (forgotten > 0) {
            log.info("Forgot {} months of history", forgotten);
        }
    }

    private void makeMonths(LocalDate today) {
        transactions.run(() -> {
            ledger.lock("months of history");
            return ledger.makeMonths(today.minusMonths(1), MONTHS);
        });
    }
}
