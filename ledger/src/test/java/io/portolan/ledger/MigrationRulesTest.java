package io.portolan.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a migration may do while its release's predecessor works on the ledger. Those up to 036 ran before there was a
 * release to precede them.
 */
class MigrationRulesTest {
    private static final int FIRST = 37;
    private static final Pattern FILE = Pattern.compile("V(\\d+)__[a-z0-9_]+\\.sql");
    private static final Pattern COMMENT = Pattern.compile("--[^\n]*");
    private static final Pattern SAYS_SO = Pattern.compile("update ledger_compatibility set oldest_reader");
    private static final Pattern MADE_HERE = Pattern.compile("create table (\\w+)");
    /** A predecessor would miss it, or would write what is no longer taken. */
    private static final Pattern TAKES_AWAY = Pattern.compile(
            "drop (table|column|view|function)|rename (to|column|constraint)|alter column \\w+ (set data )?type|set not null|revoke |truncate |add column \\w+ [^,;]*not null(?![^,;]*default)(?![^,;]*generated)");
    /** Reads or writes a whole table under a lock that claims wait for. */
    private static final Pattern INDEX = Pattern.compile("create (unique )?index (?!concurrently)[^;]* on (\\w+)");

    private static final Pattern CHECKED = Pattern.compile(
            "alter table (?:only )?(\\w+)[^;]*\\badd constraint \\w+ (?:check|foreign key)(?![^;]*not valid)");

    private static List<String> faults(String migration) {
        String sql = COMMENT.matcher(migration)
                .replaceAll("")
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\s+", " ");
        List<String> own =
                MADE_HERE.matcher(sql).results().map(made -> made.group(1)).toList();
        List<String> faults = new ArrayList<>();
        Matcher takes = TAKES_AWAY.matcher(sql);
        if (takes.find() && !SAYS_SO.matcher(sql).find()) {
            faults.add("takes away without raising oldest_reader: " + takes.group());
        }
        INDEX.matcher(sql)
                .results()
                .filter(index -> !own.contains(index.group(2)))
                .forEach(index -> faults.add("holds up writes: " + index.group()));
        CHECKED.matcher(sql)
                .results()
                .filter(check -> !own.contains(check.group(1)))
                .forEach(check -> faults.add("reads a table under its lock: " + check.group()));
        return faults;
    }

    @Test
    void everyMigrationCanRunWhileThePredecessorWorks() throws IOException {
        List<String> faults = new ArrayList<>();
        int seen = 0;
        for (String directory : List.of(
                "src/main/resources/db/migration", "src/test/resources/db/next", "src/test/resources/db/breaking")) {
            try (var files = Files.list(Path.of(directory))) {
                for (Path file : files.toList()) {
                    Matcher name = FILE.matcher(file.getFileName().toString());
                    if (name.matches()) {
                        seen++;
                        if (Integer.parseInt(name.group(1)) >= FIRST) {
                            faults(Files.readString(file)).forEach(fault -> faults.add(name.group() + " " + fault));
                        }
                    }
                }
            }
        }
        assertThat(seen).isGreaterThanOrEqualTo(24);
        assertThat(faults).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alter table port drop column made_at;",
                "drop table audit;",
                "alter table port rename column mac to hardware_address;",
                "alter table port alter column vlan_tag type bigint;",
                "alter table port alter column made_at set not null;",
                "alter table port add column zone text not null;",
                "alter table port add column zone text not null, add column weight int not null default 1;",
                "revoke select on port from portolan_lb;",
                "create index port_by_zone on port (zone);",
                "alter table port add constraint port_zone_check check (zone <> '');"
            })
    void whatThePredecessorCouldNotFollowIsFound(String migration) {
        assertThat(faults(migration)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alter table port add column zone text;",
                "alter table port add column weight int not null default 1, add column zone text;",
                "create table zone (name text not null); create index zone_by_name on zone (name); alter table zone add constraint zone_check check (name <> '');",
                "create index concurrently port_by_zone on port (zone);",
                "alter table port add constraint port_zone_check check (zone <> '') not valid;",
                "-- drop table port\nalter table port drop constraint port_state_check;",
                "alter table port drop column made_at; update ledger_compatibility set oldest_reader = 41;"
            })
    void whatItCanFollowIsNot(String migration) {
        assertThat(faults(migration)).isEmpty();
    }
}
