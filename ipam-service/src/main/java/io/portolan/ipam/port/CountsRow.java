package io.portolan.ipam.port;

import io.portolan.model.api.PortCounts;

/** Ports by state as a statement answers them: {@code select} {@link #COLUMNS} {@code from port p}. */
public interface CountsRow {
    String COLUMNS = """
             count(*) filter (where p.state = 'planned') as "planned", count(*) filter (where p.state = 'provisioning') as "provisioning",
             count(*) filter (where p.state = 'free') as "free", count(*) filter (where p.state = 'leased') as "leased",
             count(*) filter (where p.state = 'bound') as "bound", count(*) filter (where p.state = 'cooling') as "cooling",
             count(*) filter (where p.state = 'draining') as "draining", count(*) filter (where p.state = 'failed') as "failed"
            """;

    long getPlanned();

    long getProvisioning();

    long getFree();

    long getLeased();

    long getBound();

    long getCooling();

    long getDraining();

    long getFailed();

    default PortCounts counts() {
        return new PortCounts(
                getPlanned(),
                getProvisioning(),
                getFree(),
                getLeased(),
                getBound(),
                getCooling(),
                getDraining(),
                getFailed());
    }
}
