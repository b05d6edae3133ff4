package io.portolan.sdn;

/** What a listener listens to. */
public enum Transport {
    TCP,
    UDP,
    SCTP
}
