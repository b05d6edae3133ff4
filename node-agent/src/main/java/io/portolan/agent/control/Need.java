package io.portolan.agent.control;

import io.portolan.agent.cache.CacheCounts;
import io.portolan.model.api.NodeView.Settings;

/**
 * How many ports to claim or to give back: whole batches, enough for the pods that run and some that may come.
 *
 * @param missing to be claimed
 * @param surplus to be given back; none before two batches too many, so that coming and going pods do not move ports
 */
record Need(int missing, int surplus) {
    /** @param idle that could be given back */
    static Need of(Settings settings, CacheCounts counts, int idle) {
        int batch = settings.leaseBatch();
        int held = counts.all() - counts.returning();
        int used = held - idle;
        int target = batch * Math.ceilDiv(settings.warmHeadroom() + used, batch);
        return new Need(Math.max(0, target - held), held > target + 2 * batch ? held - target : 0);
    }
}
