package io.portolan.kit.ledger;

import io.portolan.ledger.LedgerChanges;
import io.portolan.ledger.LedgerIncompatible;
import io.portolan.ledger.LedgerLocks;
import io.portolan.ledger.LedgerMigration;
import javax.sql.DataSource;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.context.annotation.Bean;

/** Services do not migrate: one job does. A service that meets a schema which it cannot work on does not start. */
@AutoConfiguration(afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration")
@ConditionalOnBean(DataSource.class)
class LedgerAutoConfiguration {
    @Bean
    InitializingBean ledgerGoesWithThisRelease(DataSource ledger) {
        return () -> LedgerMigration.validate(ledger);
    }

    /** Read when asked for: a migration may have run since the start. */
    @Bean
    InfoContributor ledgerSchema(DataSource ledger) {
        return info -> info.withDetail("ledger", LedgerMigration.schema(ledger));
    }

    /** Says it without a stack trace. */
    static final class Analyzer extends AbstractFailureAnalyzer<LedgerIncompatible> {
        @Override
        protected FailureAnalysis analyze(Throwable failure, LedgerIncompatible cause) {
            return new FailureAnalysis(cause.getMessage(), cause.remedy(), cause);
        }
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
