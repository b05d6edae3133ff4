package io.portolan.ledger;

import io.portolan.testbed.postgres.PostgresServer.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** All that a database's catalogue says of our schema, a line a fact, so that two schemas are equal when the lists are. */
final class Catalog {
    private static final List<String> FACTS = List.of(
            """
            select format('table %s kind %s comment %s', c.relname, c.relkind, obj_description(c.oid))
            from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'flyway_schema_history'""",
            """
            select format('column %s.%s %s notnull %s default %s position %s comment %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                     a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attnum, col_description(c.oid, a.attnum))
            from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and c.relname <> 'flyway_schema_history'""",
            """
            select format('constraint %s.%s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
            from pg_constraint c where c.connamespace = 'public'::regnamespace and c.conrelid::regclass::text <> 'flyway_schema_history'""",
            """
            select format('index %s', pg_get_indexdef(i.indexrelid)) from pg_index i join pg_class c on c.oid = i.indrelid
            where c.relnamespace = 'public'::regnamespace and c.relname <> 'flyway_schema_history'""",
            """
            select format('function %s comment %s', pg_get_functiondef(p.oid), obj_description(p.oid)) from pg_proc p
            where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')""",
            "select format('trigger %s', pg_get_triggerdef(t.oid)) from pg_trigger t where not t.tgisinternal",
            """
            select format('grant %s on %s to %s', g.privilege_type, g.table_name, g.grantee) from information_schema.role_table_grants g
            where g.table_schema = 'public' and g.grantee like 'portolan%' and g.table_name <> 'flyway_schema_history'""",
            """
            select format('execute %s to %s', g.routine_name, g.grantee) from information_schema.role_routine_grants g
            where g.routine_schema = 'public' and g.routine_name like 'port_event%'""",
            "select format('extension %s', extname) from pg_extension");

    private Catalog() {}

    static List<String> of(Database database) throws SQLException {
        List<String> facts = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            for (String sql : FACTS) {
                try (ResultSet rows = statement.executeQuery(sql)) {
                    while (rows.next()) {
                        facts.add(rows.getString(1));
                    }
                }
            }
        }
        facts.sort(null);
        return facts;
    }
}
