package io.portolan.testbed.openstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.testbed.TestbedFailed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeTest {
    private static final String ALL = """
            bash 5.2 installed
            keystone 22 installed
            mariadb-client-core 10 installed
            mariadb-server-core 10 installed
            neutron-common 21 installed
            neutron-server 21 installed
            octavia-api 11 installed
            octavia-common 11 installed
            octavia-driver-agent 11 installed
            python3-gunicorn 20 installed
            python3-ovn-octavia-provider 3 installed
            """;

    @Test
    void aMissingPackageIsNamed() {
        assertThat(Recipe.installed(ALL)).hasSize(10).contains("keystone 22");
        assertThatThrownBy(() -> Recipe.installed(ALL.replace("21 installed", "21 config-files")))
                .isInstanceOf(TestbedFailed.class)
                .hasMessageContaining("packages neutron-common neutron-server, which are not installed");
    }

    @Test
    void everyBlankOfAFileIsFilled(@TempDir Path directory) throws IOException {
        Recipe recipe = new Recipe(directory).fill("token_seconds", 5);
        assertThatThrownBy(() -> recipe.write("keystone.conf", "k/k.conf"))
                .hasMessage("nothing fills keystone_database in keystone.conf");
        Path written = recipe.fill("keystone_database", "mysql://$x").write("keystone.conf", "k/k.conf");
        assertThat(written).isEqualTo(directory.resolve("k/k.conf"));
        assertThat(Files.readString(written))
                .contains("connection = mysql://$x\n", "expiration = 5\n", directory + "/keystone/fernet");
    }
}
