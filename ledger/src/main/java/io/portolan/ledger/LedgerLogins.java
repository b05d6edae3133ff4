package io.portolan.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * The services' own logins, each in the role that owns its service's rights, and their passwords. Granting again changes
 * passwords to what they are now and nothing else.
 */
final class LedgerLogins {
    private static final Pattern NAME = Pattern.compile("ipam|topology|lb|security");

    private final Map<String, String> passwords;

    private LedgerLogins(Map<String, String> passwords) {
        this.passwords = passwords;
    }

    /** A file for each; what a mount of secrets has beside them begins with a dot. */
    static LedgerLogins in(Path directory) throws IOException {
        Map<String, String> passwords = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = String.valueOf(file.getFileName());
                if (!name.startsWith(".")) {
                    passwords.put(checked(name), Files.readString(file).strip());
                }
            }
        }
        return new LedgerLogins(passwords);
    }

    private static String checked(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("LEDGER_LOGINS has a file '%s', which names no service".formatted(name));
        }
        return name;
    }

    /** @return the names */
    Set<String> grant(DataSource ledger) throws SQLException {
        try (Connection connection = ledger.getConnection()) {
            connection.setAutoCommit(false);
            for (Map.Entry<String, String> login : passwords.entrySet()) {
                grant(connection, login.getKey(), login.getValue());
            }
            connection.commit();
        }
        return passwords.keySet();
    }

    private static void grant(Connection connection, String name, String password) throws SQLException {
        boolean there;
        try (PreparedStatement look = connection.prepareStatement("select 1 from pg_roles where rolname = ?")) {
            look.setString(1, name);
            try (ResultSet found = look.executeQuery()) {
                there = found.next();
            }
        }
        String statement = there ? "alter role %I login password %L" : "create role %I login password %L in role %I";
        try (PreparedStatement quote = connection.prepareStatement("select format(?, ?, ?, ?)")) {
            quote.setString(1, statement);
            quote.setString(2, name);
            quote.setString(3, password);
            quote.setString(4, "portolan_" + name);
            try (ResultSet quoted = quote.executeQuery();
                    Statement run = connection.createStatement()) {
                quoted.next();
                run.execute(quoted.getString(1));
            }
        }
    }
}
