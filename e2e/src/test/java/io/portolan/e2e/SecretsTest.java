package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.portolan.e2e.stack.CniAnswer;
import io.portolan.e2e.stack.Observed;
import io.portolan.e2e.stack.Pod;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SecretsTest {
    private static List<String> secrets() throws IOException {
        try (Stream<Path> files =
                Files.walk(SharedStack.get().workspace().directory().resolve("secrets"))) {
            List<String> secrets = new ArrayList<>();
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                secrets.add(Files.readString(file).strip());
            }
            return secrets;
        }
    }

    /** Of four services, whoever runs the stack, and the node; each is a secret of its own. */
    private static List<String> tokens() throws IOException {
        Path identities = SharedStack.get().workspace().directory().resolve("identities");
        try (Stream<Path> files = Files.list(identities)) {
            List<String> tokens = new ArrayList<>();
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".token")).toList()) {
                tokens.add(Files.readString(file));
            }
            assertThat(tokens).hasSizeGreaterThanOrEqualTo(6);
            return tokens;
        }
    }

    @Test
    void noSecretIsInALogTheLedgerOrAProcessList() throws IOException {
        Pod pod = SharedStack.get()
                .stack()
                .runtime()
                .start(SharedStack.get().worker().host(), "secretive");
        assertThat(pod.added()).returns(0, CniAnswer::exitCode);
        SharedStack.get().stack().runtime().stop(pod);
        List<String> secrets = secrets();
        assertThat(secrets)
                .as("passwords of four services, and the kubeconfig of three parts")
                .hasSize(7)
                .allSatisfy(secret -> assertThat(secret).hasSizeGreaterThan(32));
        secrets.addAll(tokens());

        List<Path> leaks = new ArrayList<>();
        int read = 0;
        for (Path file : logsAndProcesses()) {
            try {
                String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                read++;
                if (secrets.stream().anyMatch(text::contains)) {
                    leaks.add(file);
                }
            } catch (IOException e) {
                assertThat(file)
                        .as("only of a process that ended meanwhile is nothing to be read")
                        .startsWith(Path.of("/proc"));
            }
        }
        assertThat(read).isGreaterThan(20);
        assertThat(leaks).isEmpty();

        Observed observed = new Observed(SharedStack.get().stack());
        for (String table : observed.ledger(
                "select table_name::text from information_schema.tables where table_schema = 'public'")) {
            for (String row : observed.ledger("select t::text from " + table + " t")) {
                assertThat(secrets).as(table).noneMatch(row::contains);
            }
        }
    }

    /** Every log below the workspace, and the arguments and the environment of every process. */
    private static List<Path> logsAndProcesses() throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> below = Files.find(
                SharedStack.get().workspace().directory(),
                5,
                (file, attributes) -> file.toString().endsWith(".log"))) {
            below.forEach(files::add);
        }
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            processes
                    .filter(directory -> directory.getFileName().toString().matches("[0-9]+"))
                    .forEach(directory -> {
                        files.add(directory.resolve("cmdline"));
                        files.add(directory.resolve("environ"));
                    });
        }
        return files;
    }
}
