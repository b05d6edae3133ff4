package io.portolan.kit.problem;

import java.util.Collection;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.DeserializationConfig;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.ValueDeserializerModifier;
import tools.jackson.databind.deser.jdk.StringDeserializer;
import tools.jackson.databind.deser.std.DelegatingDeserializer;
import tools.jackson.databind.deser.std.StdScalarDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.type.CollectionType;
import tools.jackson.databind.type.MapType;

/** Keeps every text, list and map that is read within {@link Bounds}; the refusal names the member. */
final class BoundedBodies extends SimpleModule {
    BoundedBodies() {
        addDeserializer(String.class, new Text());
        setDeserializerModifier(new ValueDeserializerModifier() {
            @Override
            public ValueDeserializer<?> modifyCollectionDeserializer(
                    DeserializationConfig config,
                    CollectionType type,
                    BeanDescription.Supplier bean,
                    ValueDeserializer<?> reads) {
                return new Elements(reads);
            }

            @Override
            public ValueDeserializer<?> modifyMapDeserializer(
                    DeserializationConfig config,
                    MapType type,
                    BeanDescription.Supplier bean,
                    ValueDeserializer<?> reads) {
                return new Elements(reads);
            }
        });
    }

    private static final class Text extends StdScalarDeserializer<String> {
        private Text() {
            super(String.class);
        }

        @Override
        public String deserialize(JsonParser parser, DeserializationContext context) {
            return Bounds.text(StringDeserializer.instance.deserialize(parser, context), Bounds.TEXT);
        }
    }

    private static final class Elements extends DelegatingDeserializer {
        private Elements(ValueDeserializer<?> reads) {
            super(reads);
        }

        @Override
        protected ValueDeserializer<?> newDelegatingInstance(ValueDeserializer<?> other) {
            return new Elements(other);
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) {
            Object read = super.deserialize(parser, context);
            switch (read) {
                case Collection<?> list -> Bounds.elements(list.size());
                case Map<?, ?> map -> Bounds.elements(map.size());
                case null, default -> {}
            }
            return read;
        }
    }
}
