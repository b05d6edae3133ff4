package io.portolan.sdn;

/** What an <em>ensure</em> found; anything but {@code UNCHANGED} on an object that was made before is drift. */
public enum Ensured {
    MADE,
    MENDED,
    UNCHANGED
}
