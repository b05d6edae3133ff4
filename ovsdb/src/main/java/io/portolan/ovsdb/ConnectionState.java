package io.portolan.ovsdb;

/** What a client tells its state listener. */
public sealed interface ConnectionState {

    /** Calls are taken; replicas and locks have been restored. */
    record Connected(OvsdbEndpoint endpoint) implements ConnectionState {}

    /** A connection in use was lost; the next one is being sought. */
    record Disconnected(String why) implements ConnectionState {}

    /** For good. */
    record Closed() implements ConnectionState {}
}
