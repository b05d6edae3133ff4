package io.portolan.topology.ipam;

/** ipam-service said no: its problem, decoded. Its detail is fit for an operator. */
public final class IpamRefused extends RuntimeException {
    private final int status;
    private final String slug;

    IpamRefused(int status, String slug, String detail) {
        super(detail);
        this.status = status;
        this.slug = slug;
    }

    public int status() {
        return status;
    }

    /** The last part of the problem's type, such as {@code pool-exhausted}. */
    public String slug() {
        return slug;
    }

    public String detail() {
        return String.valueOf(getMessage());
    }
}
