package io.portolan.bench;

import org.jspecify.annotations.Nullable;

/**
 * One measured number.
 *
 * @param ratio to what it is compared with in the same run; null where it is compared with nothing
 * @param target of the ratio where there is one, else of the value; the figure is to be at most this, but for rates. Null where
 *     a number is only told
 * @param rate whether more is better
 */
public record Figure(
        String name,
        double value,
        String unit,
        @Nullable Double ratio,
        @Nullable Double target,
        boolean rate) {
    public static Figure told(String name, double value, String unit) {
        return new Figure(name, value, unit, null, null, false);
    }

    public static Figure of(String name, double value, String unit, double target) {
        return new Figure(name, value, unit, null, target, false);
    }

    public static Figure ratio(String name, double value, double base, String unit, double target) {
        return new Figure(name, value, unit, value / base, target, false);
    }

    public static Figure atLeast(String name, double value, double base, String unit, double target) {
        return new Figure(name, value, unit, value / base, target, true);
    }

    boolean ok() {
        double judged = ratio == null ? value : ratio;
        return target == null || (rate ? judged >= target : judged <= target);
    }
}
