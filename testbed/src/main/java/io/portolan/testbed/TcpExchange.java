package io.portolan.testbed;

/**
 * The outcome of one TCP exchange.
 *
 * @param milliseconds from the connect to the answer, or to the failure, without the time that the client program took to start
 * @param said the server's answer, or why there was none
 */
public record TcpExchange(boolean ok, double milliseconds, String said) {}
