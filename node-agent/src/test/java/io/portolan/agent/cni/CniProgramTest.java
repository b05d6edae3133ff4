package io.portolan.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.agent.cni.CniProgram.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The executable of the module cni, run as kubelet runs it, against the promises of its PROTOCOL.md. */
class CniProgramTest {
    private static final String CONFIG = """
            {"cniVersion": "0.4.0", "name": "portolan", "secret": "do-not-print"}""";

    @TempDir
    Path directory;

    @Test
    void theFrameCarriesInputAndVariablesUnchanged() throws IOException {
        byte[] input = new byte[1024 * 1024];
        new Random(7).nextBytes(input);
        CniProgram program = program("ADD")
                .with("CNI_ARGS", "K8S_POD_NAME=a;B=line one\nline two;C==;D=ä")
                .with("CNI_EMPTY", "")
                .with("NOT_CNI_ARGS", "x")
                .with("PORTOLAN_SECRET", "x");

        try (TestingAgent agent = TestingAgent.answering(program.socket(), 0, "{\"ips\": []}\n")) {
            assertThat(program.run(input)).returns(0, Outcome::status).returns("{\"ips\": []}\n", Outcome::output);

            assertThat(agent.requests()).singleElement().satisfies(request -> {
                assertThat(request.input()).isEqualTo(ByteBuffer.wrap(input));
                assertThat(request.environment())
                        .containsOnlyKeys(
                                "CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME", "CNI_NETNS", "CNI_ARGS", "CNI_EMPTY")
                        .containsEntry("CNI_COMMAND", "ADD")
                        .containsEntry("CNI_EMPTY", "")
                        .containsEntry("CNI_ARGS", "K8S_POD_NAME=a;B=line one\nline two;C==;D=ä");
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ADD", "DEL", "CHECK", "GC", "STATUS", "", "NONSENSE"})
    void whatTheAgentSaysIsPassedOn(String command) throws IOException {
        CniProgram program = program(command);
        String refusal = "{\"code\": 7, \"msg\": \"no\"}";

        try (TestingAgent agent = TestingAgent.answering(program.socket(), 3, refusal)) {
            assertThat(program.run(CONFIG)).returns(3, Outcome::status).returns(refusal, Outcome::output);
            assertThat(agent.requests()).hasSize(1);
        }
        assertThat(program.queue()).doesNotExist();
    }

    @Test
    void anEmptyAnswerAndTheLargestAnswerAreWhole() throws IOException {
        CniProgram program = program("DEL");
        try (TestingAgent agent = TestingAgent.answering(program.socket(), 0, "")) {
            assertThat(program.run(CONFIG)).returns(0, Outcome::status).returns("", Outcome::output);
            assertThat(agent.requests()).hasSize(1);
        }
        String largest = "x".repeat(4 * 1024 * 1024);
        try (TestingAgent agent = TestingAgent.answering(program.socket(), 0, largest)) {
            assertThat(program.run("").output().length()).isEqualTo(largest.length());
            assertThat(agent.requests().getFirst().text()).isEmpty();
        }
    }

    @Test
    void versionNeedsNoAgent() {
        CniProgram program = program("VERSION");

        assertThat(program.run(CONFIG))
                .returns(0, Outcome::status)
                .returns(
                        "{\"cniVersion\":\"0.4.0\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n",
                        Outcome::output);
        assertThat(program.run("").output()).startsWith("{\"cniVersion\":\"1.0.0\",");
    }

    @Test
    void errorsCarryTheVersionOfTheOutermostObjectOnly() {
        assertThat(List.of(
                        versionOf("{\"prevResult\": {\"cniVersion\": \"9.9.9\"}, \"cniVersion\" :\n\"1.1.0\"}"),
                        versionOf("{\"name\": \"cniVersion\", \"x\": \"\\\"\", \"cniVersion\": \"0.3.1\"}"),
                        versionOf("{\"cniVersion\": \"1\\\", \\\"code\\\": 0\"}"),
                        versionOf("{\"cniVersion\": 7}"),
                        versionOf("{\"cniVersion\": \"0.4.0"),
                        versionOf("{\"cniVersion\""),
                        versionOf("{\"\\")))
                .containsExactly("1.1.0", "0.3.1", "1.0.0", "1.0.0", "1.0.0", "1.0.0", "1.0.0");
    }

    @Test
    void addWaitsForAnAgentThatStartsLate() throws Exception {
        CniProgram program = program("ADD").with("PORTOLAN_CNI_WAIT", "60");
        Path output = directory.resolve("output");
        Process process = program.start(Redirect.from(Path.of("/dev/null").toFile()), Redirect.to(output.toFile()));
        try {
            // Neither a missing socket nor one that nobody listens to any more ends the wait.
            ServerSocketChannel abandoned = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            abandoned.bind(UnixDomainSocketAddress.of(program.socket()));
            abandoned.close();
            assertThat(process.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();
            Files.delete(program.socket());

            try (TestingAgent agent = TestingAgent.answering(program.socket(), 0, "{}")) {
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue()).isZero();
                assertThat(Files.readString(output)).isEqualTo("{}");
                assertThat(agent.requests()).hasSize(1);
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ADD", "CHECK", "GC"})
    void withoutAnAgentTheErrorSaysTryAgainAndNamesSocketAndCause(String command) {
        CniProgram program = program(command).with("PORTOLAN_CNI_WAIT", "1");

        Outcome outcome = program.run(CONFIG);

        assertThat(outcome)
                .returns(1, Outcome::status)
                .returns(
                        "{\"cniVersion\":\"0.4.0\",\"code\":11,\"msg\":\"the node agent does not answer at "
                                + program.socket() + ": No such file or directory\"}\n",
                        Outcome::output);
        assertThat(outcome.seconds()).isGreaterThan(0.9);
        assertThat(program.queue()).doesNotExist();
    }

    @Test
    void withoutAnAgentStatusSaysNotAvailableAtOnce() {
        assertThat(program("STATUS").with("PORTOLAN_CNI_WAIT", "60").run(CONFIG))
                .returns(1, Outcome::status)
                .satisfies(outcome -> {
                    assertThat(outcome.output()).contains("\"code\":50").contains("cni.sock");
                    assertThat(outcome.seconds()).isLessThan(30);
                });
    }

    @Test
    void withoutAnAgentAnUnknownOrMissingCommandIsAnInvalidEnvironment() {
        assertThat(program("").run(CONFIG).output()).contains("\"code\":4", "CNI_COMMAND is missing");
        assertThat(program("NONSENSE").run(CONFIG).output()).contains("\"code\":4", "CNI_COMMAND is not known");
    }

    @Test
    void lesson19WithoutAnAgentADelIsQueuedByteForByte() throws IOException {
        CniProgram program = program("DEL").with("CNI_ARGS", "A=b\nc");
        ByteBuffer frame;
        try (TestingAgent agent = TestingAgent.answering(program.socket(), 0, "")) {
            program.run(CONFIG);
            frame = agent.requests().getFirst().frame();
        }

        assertThat(program.run(CONFIG)).returns(0, Outcome::status).returns("", Outcome::output);

        Path file = program.queue().resolve("c0ffee:eth0.del");
        assertThat(queued(program)).containsExactly(file);
        assertThat(ByteBuffer.wrap(Files.readAllBytes(file))).isEqualTo(frame);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(program.queue())))
                .isEqualTo("rwx------");
    }

    @Test
    void aDelWaitsForTheAgentTwoSecondsHoweverLongAnAddMay() {
        assertThat(program("DEL").with("PORTOLAN_CNI_WAIT", "60").run(CONFIG))
                .returns(0, Outcome::status)
                .satisfies(outcome -> assertThat(outcome.seconds()).isBetween(1.9, 30.0));
    }

    @Test
    void aQueuedDelIsOnTheDiskBeforeTheProgramEnds() throws IOException {
        CniProgram program = program("DEL");
        Path trace = directory.resolve("trace");

        assertThat(program.tracedTo(trace).run(CONFIG).status()).isZero();

        List<String> calls = Files.readAllLines(trace);
        int written = indexOf(calls, "write\\(.*PCNI1.*");
        int fileSynced = indexOf(calls.subList(written, calls.size()), "fsync\\(.*= 0") + written;
        int renamed = indexOf(calls, "rename.*c0ffee:eth0\\.del\"\\) = 0");
        int directorySynced = indexOf(calls.subList(renamed, calls.size()), "fsync\\(.*= 0") + renamed;
        assertThat(List.of(written, fileSynced, renamed, directorySynced))
                .isSorted()
                .doesNotHaveDuplicates();
        int made = indexOf(calls, "mkdir.*/state\", 0700\\) = 0");
        assertThat(calls.subList(made, written).stream().filter(call -> call.matches(".*fsync\\(.*= 0")))
                .as("both directories that were made are synced into their parents")
                .hasSize(2);
    }

    @Test
    void aLaterDelOfThePairReplacesTheEarlierAndOthersStandBeside() throws IOException {
        program("DEL").run("first");
        program("DEL").run("second");
        program("DEL").with("CNI_IFNAME", "eth1").run("");
        program("DEL").with("CNI_CONTAINERID", "a-b").with("CNI_IFNAME", "c").run("");
        CniProgram last = program("DEL").with("CNI_CONTAINERID", "a").with("CNI_IFNAME", "b-c");
        last.run("");

        assertThat(queued(last).stream().map(path -> path.getFileName().toString()))
                .containsExactly("a-b:c.del", "a:b-c.del", "c0ffee:eth0.del", "c0ffee:eth1.del");
        assertThat(TestingAgent.parse(Files.readAllBytes(last.queue().resolve("c0ffee:eth0.del")))
                        .text())
                .isEqualTo("second");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../../etc/cron.d/x", "/etc/x", "a/b", ".hidden", "-a", "a b", "a:b", "a\nb", "ä"})
    void aContainerIdThatIsNoneIsNotQueued(String id) {
        CniProgram program = program("DEL").with("CNI_CONTAINERID", id);

        assertThat(program.run(CONFIG).output()).contains("\"code\":4", "CNI_CONTAINERID");
        assertThat(program.queue()).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", ".", "a/b", "../x", "a:b", "a b", "a\tb", "sixteen-letters-"})
    void anInterfaceNameThatIsNoneIsNotQueued(String name) {
        CniProgram program = program("DEL").with("CNI_IFNAME", name);

        assertThat(program.run(CONFIG).output()).contains("\"code\":4", "CNI_IFNAME");
        assertThat(program.queue()).doesNotExist();
    }

    @Test
    void anIdTooLongForAFileNameIsRefusedRatherThanCut() {
        CniProgram program = program("DEL");

        assertThat(program.with("CNI_CONTAINERID", "a".repeat(201)).run("").output())
                .contains("\"code\":4");
        assertThat(program.with("CNI_CONTAINERID", "a".repeat(200)).run("").status())
                .isZero();
    }

    @Test
    void aDelThatCannotBeQueuedIsAnErrorThatNamesBothCauses() throws IOException {
        CniProgram program = program("DEL");
        Files.writeString(directory.resolve("state"), "in the way");

        assertThat(program.run(CONFIG))
                .returns(1, Outcome::status)
                .satisfies(outcome -> assertThat(outcome.output())
                        .contains("\"code\":11", "cni.sock: No such file or directory", "cni-queue: Not a directory"));
    }

    @Test
    void aLeftoverOfACrashedProgramDoesNotDisturb() throws IOException {
        CniProgram program = program("DEL");
        Files.createDirectories(program.queue());
        Path leftover = Files.writeString(program.queue().resolve(".c0ffee:eth0.del.1"), "half");

        assertThat(program.run(CONFIG).status()).isZero();

        assertThat(queued(program)).containsExactly(leftover, program.queue().resolve("c0ffee:eth0.del"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 5, 6, 11})
    void anAnswerThatBreaksOffIsTryAgainForAddAndQueuedForDel(int bytes) throws IOException {
        byte[] whole = TestingAgent.answer(0, "{\"a\":1}".getBytes(StandardCharsets.UTF_8));
        try (TestingAgent agent = TestingAgent.at(
                program("").socket(), connection -> TestingAgent.write(connection, Arrays.copyOf(whole, bytes)))) {
            assertBroken(bytes == 0 ? "before it answered" : "in the middle of the answer");
            assertThat(agent.requests()).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 6, 8, 10, 50, 500_000})
    void aRequestThatIsNotReadIsTryAgainForAddAndQueuedForDel(int bytes) throws IOException {
        try (TestingAgent agent = TestingAgent.hangingUpAfter(program("").socket(), bytes)) {
            assertBroken("before it answered");
            assertThat(agent.requests()).isEmpty();
        }
    }

    @Test
    void anAnswerGivenBeforeTheWholeRequestWasReadCounts() throws IOException {
        CniProgram program = program("ADD");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(program.socket()));
            Thread.ofVirtual().start(() -> {
                try (var connection = server.accept()) {
                    TestingAgent.write(connection, TestingAgent.answer(1, "too much".getBytes(StandardCharsets.UTF_8)));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });

            assertThat(program.run(new byte[1024 * 1024]))
                    .returns(1, Outcome::status)
                    .returns("too much", Outcome::output);
        }
    }

    @Test
    void anAgentThatDoesNotAnswerInTimeIsTryAgainForAddAndQueuedForDel() throws IOException {
        CniProgram add = program("ADD").with("PORTOLAN_CNI_DEADLINE", "1");
        try (TestingAgent agent = TestingAgent.at(add.socket(), CniProgramTest::untilTheProgramHangsUp)) {
            assertThat(add.run(CONFIG).output()).contains("\"code\":11", "did not answer in time");

            CniProgram del = program("DEL").with("PORTOLAN_CNI_DEADLINE", "1");
            assertThat(del.run(CONFIG)).returns(0, Outcome::status).returns("", Outcome::output);
            assertThat(queued(del)).hasSize(1);

            CniProgram status = program("STATUS").with("PORTOLAN_CNI_DEADLINE", "1");
            assertThat(status.run(CONFIG).output()).contains("\"code\":50", "did not answer in time");
            assertThat(agent.requests()).hasSize(3);
        }
    }

    @Test
    void aDelIsQueuedWithinItsTwentySecondsWhenTheAgentHangs() throws IOException {
        CniProgram del = program("DEL");
        try (TestingAgent agent = TestingAgent.at(del.socket(), CniProgramTest::untilTheProgramHangsUp)) {
            assertThat(del.run(CONFIG))
                    .returns(0, Outcome::status)
                    .satisfies(outcome -> assertThat(outcome.seconds()).isBetween(19.0, 60.0));
            assertThat(agent.requests()).hasSize(1);
        }
        assertThat(queued(del)).hasSize(1);
    }

    @Test
    void tooMuchIsRefused() throws IOException {
        CniProgram program = program("ADD");
        try (TestingAgent agent = TestingAgent.at(
                program.socket(), connection -> TestingAgent.write(connection, new byte[] {0, 0, 0x40, 0, 1}))) {
            assertThat(program.run(new byte[1024 * 1024 + 1]).output())
                    .contains("\"cniVersion\":\"1.0.0\"", "\"code\":7", "1 MiB");
            assertThat(program("ADD")
                            .with("CNI_ARGS", "x".repeat(65_000))
                            .with("CNI_MORE", "x".repeat(600))
                            .run("")
                            .output())
                    .contains("\"code\":4", "64 KiB");
            assertThat(agent.requests()).isEmpty();

            assertThat(program.run("").output()).contains("\"code\":5", "4194305 bytes");
        }
    }

    @Test
    void inputThatNeverEndsIsGivenUp() throws Exception {
        CniProgram program = program("ADD").with("PORTOLAN_CNI_DEADLINE", "1");
        Path output = directory.resolve("output");
        Process process = program.start(Redirect.PIPE, Redirect.to(output.toFile()));
        try (OutputStream input = process.getOutputStream()) {
            input.write('{');
            input.flush();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(Files.readString(output)).contains("\"code\":5", "standard input");
    }

    @Test
    void anAnswerThatNobodyReadsIsAFailureAndNoSignal() throws Exception {
        CniProgram program = program("ADD");
        try (TestingAgent agent = TestingAgent.answering(program.socket(), 0, "x".repeat(1_000_000))) {
            Process process = program.start(Redirect.from(Path.of("/dev/null").toFile()), Redirect.PIPE);
            process.getInputStream().close();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(1);
            await().atMost(Duration.ofSeconds(60)).until(() -> agent.requests().size() == 1);
        }
    }

    @Test
    void aSocketPathThatIsTooLongIsAnErrorThatSaysSo() {
        String path = "/tmp/" + "\"ä\\".repeat(100);

        assertThat(program("ADD").with("PORTOLAN_CNI_SOCKET", path).run(CONFIG).output())
                .contains("\"code\":11", "too long for a socket", "\\\"\\u00c3\\u00a4\\\\")
                .endsWith("\"}\n");
    }

    @Test
    void theProgramIsSmallAndStatic() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(CniProgram.executable().toFile(), "r")) {
            byte[] bytes = new byte[(int) file.length()];
            file.readFully(bytes);
            assertThat(bytes.length).isLessThan(1024 * 1024);
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            assertThat(text.contains("/ld-linux") || text.contains("/ld-musl"))
                    .as("names a dynamic loader")
                    .isFalse();
        }
    }

    private CniProgram program(String command) {
        return new CniProgram(directory).command(command);
    }

    private String versionOf(String input) {
        String output = program("STATUS").run(input).output();
        return output.replaceFirst("(?s)\\{\"cniVersion\":\"([^\"]*)\".*", "$1");
    }

    private void assertBroken(String cause) throws IOException {
        String input = CONFIG + " ".repeat(700_000);
        CniProgram add = program("ADD");
        assertThat(add.run(input))
                .returns(1, Outcome::status)
                .satisfies(outcome -> assertThat(outcome.output())
                        .contains(
                                "\"cniVersion\":\"0.4.0\",\"code\":11",
                                add.socket().toString(),
                                cause)
                        .doesNotContain("do-not-print"));
        assertThat(add.queue()).doesNotExist();

        CniProgram del = program("DEL");
        assertThat(del.run(input)).returns(0, Outcome::status).returns("", Outcome::output);
        Path file = del.queue().resolve("c0ffee:eth0.del");
        assertThat(queued(del)).containsExactly(file);
        assertThat(TestingAgent.parse(Files.readAllBytes(file)).text()).isEqualTo(input);
    }

    private static int indexOf(List<String> calls, String pattern) {
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i).matches("(\\d+ +)?" + pattern)) {
                return i;
            }
        }
        throw new AssertionError("no " + pattern + " in\n" + String.join("\n", calls));
    }

    private static void untilTheProgramHangsUp(SocketChannel connection) throws IOException {
        connection.read(ByteBuffer.allocate(1));
    }

    private static List<Path> queued(CniProgram program) throws IOException {
        try (Stream<Path> files = Files.list(program.queue())) {
            return files.sorted().toList();
        }
    }
}
