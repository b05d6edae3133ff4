package io.portolan.networks;

/** Hears of each call that a cloud could not take: too many requests, an error of its own, no answer in time. */
@FunctionalInterface
public interface CloudPressure {
    void pressed(String cloud);
}
