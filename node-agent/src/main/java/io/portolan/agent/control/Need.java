package io.portolan.agent.control;

import io.portolan.agent.cache.CacheCounts;
import io.portolan.model.WarmTarget;
import io.portolan.model.api.NodeRegistration.Demand;
import io.portolan.model.api.NodeView.Settings;

/**
 * How many ports to claim or to give back: whole batches, enough for the pods that run, for those that are scheduled here and
 * for some that may come.
 *
 * @param missing to be claimed
 * @param surplus to be given back; none before two batches too many, so that coming and going pods do not move ports, but
 *     what is idle of an offered subnet goes as soon as there are others in its place
 * @param enough whether pods may come to wait although there are fewer than whole batches
 */
record Need(int missing, int surplus, boolean enough, Demand demand) {
    /**
     * @param idle that could be given back
     * @param offered of these, those of a subnet that the node is asked to do without
     * @param coming pods that are scheduled here and have no port
     */
    static Need of(Settings settings, CacheCounts counts, int idle, int offered, int coming) {
        WarmTarget warm = new WarmTarget(settings.leaseBatch(), settings.warmHeadroom());
        int held = counts.all() - counts.returning();
        int used = held - idle;
        int target = warm.target(used, coming);
        int leaving = Math.min(offered, Math.max(0, held - target));
        return new Need(
                Math.max(0, target - (held - offered)),
                held > target + 2 * settings.leaseBatch() ? held - target : leaving,
                held >= warm.needed(used, coming),
                new Demand(used, coming));
    }
}
