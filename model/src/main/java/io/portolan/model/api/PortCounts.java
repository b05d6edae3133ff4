package io.portolan.model.api;

/** How many ports are in which state. */
public record PortCounts(
        long planned, long provisioning, long free, long leased, long bound, long cooling, long draining, long failed) {
    public static final PortCounts NONE = new PortCounts(0, 0, 0, 0, 0, 0, 0, 0);

    public long all() {
        return planned + provisioning + free + leased + bound + cooling + draining + failed;
    }
}
