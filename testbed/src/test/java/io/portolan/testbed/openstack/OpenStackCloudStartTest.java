package io.portolan.testbed.openstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.testbed.Parallel;
import io.portolan.testbed.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From nothing to clouds, on a machine without a template. */
class OpenStackCloudStartTest {
    private static final Logger LOG = LoggerFactory.getLogger(OpenStackCloudStartTest.class);

    @Test
    void twoCloudsAtOnceMakeOneTemplateAndDoNotMeet(@TempDir Path cache) throws IOException {
        List<Path> directories;
        try (Workspace one = Workspace.create();
                Workspace other = Workspace.create()) {
            List<OpenStackCloud> clouds = Parallel.all(
                    List.<Callable<OpenStackCloud>>of(() -> started(one, cache), () -> started(other, cache)));
            CloudApi first = clouds.getFirst().forProject("same").api();
            CloudApi second = clouds.getLast().forProject("same").api();
            assertThat(first.projectId()).isNotEqualTo(second.projectId());
            first.network().post("/networks", "{\"network\":{\"name\":\"mine\"}}");
            assertThat(first.inventory().ids("networks")).hasSize(1);
            assertThat(second.inventory().ids("networks")).isEmpty();
            assertThat(switches(clouds.getFirst())).isNotEmpty();
            assertThat(switches(clouds.getLast())).isEmpty();
            directories = List.of(one.directory(), other.directory());
        }
        assertThat(directories).allSatisfy(directory -> assertThat(directory).doesNotExist());
        assertThat(templates(cache)).hasSize(1);
    }

    private static OpenStackCloud started(Workspace workspace, Path cache) {
        long begin = System.nanoTime();
        OpenStackCloud cloud = OpenStackCloud.in(workspace).cache(cache).start();
        LOG.info("a cloud after {} ms", (System.nanoTime() - begin) / 1_000_000);
        return cloud;
    }

    private static String switches(OpenStackCloud cloud) {
        return cloud.central()
                .nbctl("--bare", "--columns=name", "list", "Logical_Switch")
                .strip();
    }

    private static List<Path> templates(Path cache) throws IOException {
        try (Stream<Path> all = Files.list(cache)) {
            return all.filter(Files::isDirectory).toList();
        }
    }
}
