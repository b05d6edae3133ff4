package io.portolan.topology.network;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.networks.CloudPressure;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** The clouds that clusters are in, each with its pace. Clouds are few and are not forgotten. */
@Component
final class Clouds implements CloudPressure {
    private final Map<String, CloudPace> paces = new ConcurrentHashMap<>();
    private final MeterRegistry meters;

    Clouds(MeterRegistry meters) {
        this.meters = meters;
    }

    CloudPace pace(String cloud) {
        return paces.computeIfAbsent(cloud, name -> {
            CloudPace pace = new CloudPace();
            Gauge.builder("portolan.cloud.pace", pace, CloudPace::share)
                    .description(
                            "The part of its budget that a cloud is asked for now; less than 1 while it is slow or refuses")
                    .tag("cloud", name)
                    .register(meters);
            return pace;
        });
    }

    @Override
    public void pressed(String cloud) {
        pace(cloud).pressed();
    }
}
