package io.portolan.topology.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AuditPageTest {
    @Test
    void thePageSaysOfEveryKindWhatToDo() throws IOException {
        assertThat(Files.readString(Path.of("../docs/audit.md"))
                        .lines()
                        .filter(line -> line.matches("\\| `[a-z-]+` \\|.*\\|.*\\|.*\\|.*")
                                && line.chars().filter(c -> c == '|').count() == 5)
                        .map(line -> line.substring(3, line.indexOf('`', 3))))
                .containsExactlyElementsOf(
                        Arrays.stream(Kind.values()).map(Kind::text).toList());
    }
}
