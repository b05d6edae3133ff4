package io.portolan.sdn.neutron;

/** How the double says no: with Neutron's status, exception name and words. */
final class DoubleRefused extends RuntimeException {
    /** Octavia's errors have no type, but another form. */
    static final String OCTAVIA = "octavia";

    private final int status;
    private final String type;

    DoubleRefused(int status, String type, String message) {
        super(message);
        this.status = status;
        this.type = type;
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }
}
