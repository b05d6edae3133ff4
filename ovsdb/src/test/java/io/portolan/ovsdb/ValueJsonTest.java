package io.portolan.ovsdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.testbed.OvsdbServer;
import io.portolan.testbed.Workspace;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JsonParser;

class ValueJsonTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 7047, 20151122})
    void aValueIsReadAsItWasWritten(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Value value = value(random);
            assertThat(read(write(value))).as("seed %d, value %d", seed, i).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5})
    void theServerKeepsEveryStringAsItWas(long seed) {
        Random random = new Random(seed);
        try (Workspace workspace = Workspace.create();
                OvsdbServer server = Harbour.server(workspace).start();
                OvsdbClient client = Harbour.connect(server)) {
            for (int i = 0; i < 100; i++) {
                Map<String, String> log = new HashMap<>();
                for (int k = random.nextInt(5); k > 0; k--) {
                    log.put(text(random), text(random));
                }
                List<String> flags = new ArrayList<>();
                for (int k = random.nextInt(5); k > 0; k--) {
                    flags.add(text(random));
                }
                Row row = Harbour.ship("ship " + i)
                        .with("flags", Value.strings(flags))
                        .with("log", log)
                        .with("length", random.nextInt(100_000));
                UUID id = client.transact(Operation.insert("Ship", row)).inserted(0);
                assertThat(client.transact(Operation.select("Ship", Condition.row(id))
                                        .columns("name", "flags", "log", "length"))
                                .rows(0))
                        .as("seed %d, row %d", seed, i)
                        .containsExactly(row);
            }
        }
    }

    @Test
    void aSetOfOneIsItsElement() {
        assertThat(write(Value.strings(List.of("a", "a")))).isEqualTo("\"a\"");
        assertThat(read("[\"set\",[\"a\"]]")).isEqualTo(Atom.of("a"));
        assertThat(read("\"a\"").atoms()).containsExactly(Atom.of("a"));
        assertThat(write(Value.emptySet())).isEqualTo("[\"set\",[]]");
        assertThat(write(Value.emptyMap())).isEqualTo("[\"map\",[]]");
        assertThatThrownBy(() -> new Value.SetOf(Set.of(Atom.of(1)))).hasMessageContaining("Value.set");
    }

    @Test
    void whatJsonCannotCarryIsRefusedBeforeItIsSent() {
        assertThatThrownBy(() -> Atom.of("a\0b")).hasMessageContaining("index 1");
        assertThatThrownBy(() -> Atom.of("\ud800")).hasMessageContaining("index 0");
        assertThatThrownBy(() -> Atom.of("x\udc00\ud800")).hasMessageContaining("index 1");
        assertThatThrownBy(() -> Atom.of(Double.NaN)).hasMessageContaining("finite");
        assertThatThrownBy(() -> Atom.named("a-b")).hasMessageContaining("identifier");
    }

    private static Value value(Random random) {
        int size = random.nextInt(6);
        return switch (random.nextInt(3)) {
            case 0 -> atom(random);
            case 1 -> {
                List<Atom> atoms = new ArrayList<>();
                while (atoms.size() < size) {
                    atoms.add(atom(random));
                }
                yield Value.set(atoms);
            }
            default -> {
                Map<Atom, Atom> entries = new HashMap<>();
                for (int i = 0; i < size; i++) {
                    entries.put(atom(random), atom(random));
                }
                yield Value.map(entries);
            }
        };
    }

    private static Atom atom(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> Atom.of(random.nextLong() >> random.nextInt(64));
            case 1 -> Atom.of(random.nextGaussian() * Math.pow(10, random.nextInt(-200, 200)));
            case 2 -> Atom.of(random.nextBoolean());
            case 3 -> Atom.of(new UUID(random.nextLong(), random.nextLong()));
            case 4 -> Atom.named("_n" + random.nextInt(1 << 20));
            default -> Atom.of(text(random));
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            int codePoint = switch (random.nextInt(5)) {
                case 0 -> random.nextInt(1, 0x20);
                case 1 -> "\"\\/\u007f{}[],:".charAt(random.nextInt(10));
                case 2 -> random.nextInt(0x80, 0xd800);
                case 3 -> random.nextInt(0x10000, 0x110000);
                default -> random.nextInt(0x20, 0x7f);
            };
            text.appendCodePoint(codePoint);
        }
        return text.toString();
    }

    private static String write(Value value) {
        return new String(JsonOut.bytes(json -> JsonOut.value(json, value)), StandardCharsets.UTF_8);
    }

    private static Value read(String json) {
        try (JsonParser parser = JsonIn.parser(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)))) {
            parser.nextToken();
            return JsonIn.value(JsonIn.tree(parser));
        }
    }
}
