package io.portolan.ipam.ledger;

import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.NoRepositoryBean;
import org.springframework.data.repository.Repository;
import org.springframework.data.repository.query.Param;

/** What every repository can do besides its feature's statements. */
@NoRepositoryBean
public interface LedgerRepository<T, I> extends Repository<T, I> {
    /**
     * Waits until this transaction alone holds the name; it lets go at its end. A statement of its own, because the next
     * one must see what the holder before committed.
     */
    @Query(nativeQuery = true, value = "select 1 from pg_advisory_xact_lock(hashtextextended(:name, 0))")
    int lock(@Param("name") String name);
}
