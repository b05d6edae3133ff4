package io.portolan.bench.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The run over time, as a picture. */
public final class Plot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 320;

    private Plot() {}

    static void write(Path file, Timeline timeline) {
        List<Timeline.Look> looks = timeline.looks();
        double[] seconds = IntStream.range(0, (int) Math.ceil(timeline.now()))
                .asDoubleStream()
                .toArray();
        XYChart claims = chart("Claims", "ms");
        line(claims, "median", seconds, second -> claimed(timeline, second, 0.5));
        line(claims, "p99", seconds, second -> claimed(timeline, second, 0.99));
        XYChart pods = chart("Pods", "pods");
        line(pods, "running", looks, Timeline.Look::running);
        XYChart waiting = chart("Pool misses", "pods");
        line(waiting, "waiting for a port", looks, Timeline.Look::waiting);
        line(
                waiting,
                "missed in this second",
                seconds,
                second -> Timeline.misses(in(timeline, Timeline.Kind.START, second)));
        XYChart waste = chart("Ports in caches", "ports");
        line(waste, "held", looks, Timeline.Look::held);
        line(waste, "idle", looks, Timeline.Look::idle);
        XYChart part = chart("Waste", "% of held ports idle");
        line(part, "idle", looks, look -> 100 * look.waste());
        XYChart nodes = chart("Nodes", "nodes");
        line(nodes, "with their ports", looks, Timeline.Look::ready);
        write(file, List.of(claims, pods, waiting, waste, part, nodes), 3);
    }

    /** Two beside each other. */
    public static void write(Path file, List<XYChart> charts, int rows) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            BitmapEncoder.saveBitmap(charts, rows, 2, file.toString(), BitmapEncoder.BitmapFormat.PNG);
        } catch (IOException e) {
            throw new UncheckedIOException("the plot cannot be written to " + file, e);
        }
    }

    private static double[] in(Timeline timeline, Timeline.Kind kind, double second) {
        return timeline.took(kind, event -> event.at() >= second && event.at() < second + 1);
    }

    private static double claimed(Timeline timeline, double second, double part) {
        double[] took = in(timeline, Timeline.Kind.CLAIM, second);
        return took.length == 0 ? Double.NaN : Timeline.percentile(took, part);
    }

    private static XYChart chart(String title, String unit) {
        return over(title, "seconds", unit);
    }

    public static XYChart over(String title, String what, String unit) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(what)
                .yAxisTitle(unit)
                .build();
        chart.getStyler().setYAxisMin(0.0).setLegendPosition(Styler.LegendPosition.InsideNW);
        return chart;
    }

    private static void line(
            XYChart chart, String name, List<Timeline.Look> looks, ToDoubleFunction<Timeline.Look> of) {
        add(
                chart,
                name,
                looks.stream().mapToDouble(Timeline.Look::at).toArray(),
                looks.stream().mapToDouble(of).toArray());
    }

    private static void line(XYChart chart, String name, double[] seconds, DoubleUnaryOperator of) {
        add(chart, name, seconds, Arrays.stream(seconds).map(of).toArray());
    }

    public static void add(XYChart chart, String name, double[] x, double[] y) {
        chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
    }
}
