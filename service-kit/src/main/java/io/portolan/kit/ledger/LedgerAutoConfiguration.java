package io.portolan.kit.ledger;

import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerLocks;
import io.portolan.ledger.LedgerMigration;
import javax.sql.DataSource;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.context.annotation.Bean;

/** Services do not migrate: one job does. A service that meets another schema than its own does not start. */
@AutoConfiguration(afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration")
@ConditionalOnBean(DataSource.class)
class LedgerAutoConfiguration {
    @Bean
    InitializingBean ledgerIsOfThisRelease(DataSource ledger) {
        return () -> LedgerMigration.validate(ledger);
    }

    @Bean
    LedgerChanges ledgerChanges(DataSource ledger) {
        return new LedgerChanges(ledger);
    }

    @Bean
    LedgerLocks ledgerLocks(DataSource ledger) {
        return new LedgerLocks(ledger);
    }
}
