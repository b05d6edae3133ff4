package io.portolan.sdn.neutron;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import org.openstack4j.model.ModelEntity;

/** What is sent: JSON as it stands. */
record Body(@JsonValue Map<String, Object> content) implements ModelEntity {
    static Body of(String name, Object value) {
        return new Body(Map.of(name, value));
    }

    /** A map that keeps the order of its entries, for bodies that people read in a capture. */
    static Map<String, Object> fields(Object... namesAndValues) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put(namesAndValues[i].toString(), namesAndValues[i + 1]);
        }
        return fields;
    }
}
