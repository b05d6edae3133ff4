package io.portolan.kit.problem;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.Version;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.NopAnnotationIntrospector;
import tools.jackson.databind.module.SimpleModule;

/**
 * A member of a request that is not {@code @Nullable} must be there and not be null, nor may an element of a list be that is
 * not {@code @Nullable}: the types say it once, and the refusal names the member. Unknown members are let be: they come from a newer release.
 */
final class RequiredMembers extends SimpleModule {
    @Override
    public void setupModule(SetupContext context) {
        super.setupModule(context);
        context.insertAnnotationIntrospector(new Introspector());
    }

    private static final class Introspector extends NopAnnotationIntrospector {
        @Override
        public Version version() {
            return Version.unknownVersion();
        }

        @Override
        public @Nullable Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
            return required(member) ? true : null;
        }

        @Override
        public JsonSetter.Value findSetterInfo(MapperConfig<?> config, Annotated annotated) {
            return JsonSetter.Value.construct(
                    required(annotated) ? Nulls.FAIL : Nulls.DEFAULT,
                    hasRequiredElements(annotated) ? Nulls.FAIL : Nulls.DEFAULT);
        }

        private static boolean hasRequiredElements(Annotated annotated) {
            return component(annotated)
                    .filter(component -> Collection.class.isAssignableFrom(component.getType()))
                    .map(component -> component.getAnnotatedType() instanceof AnnotatedParameterizedType list
                            && !list.getAnnotatedActualTypeArguments()[0].isAnnotationPresent(Nullable.class))
                    .orElse(false);
        }

        private static boolean required(Annotated annotated) {
            return component(annotated)
                    .map(component -> component.getAnnotatedType().getAnnotation(Nullable.class) == null)
                    .orElse(false);
        }

        private static Optional<RecordComponent> component(Annotated annotated) {
            if (annotated instanceof AnnotatedParameter parameter) {
                Class<?> type = parameter.getDeclaringClass();
                RecordComponent[] components = type.getRecordComponents();
                if (components != null
                        && type.getPackage().isAnnotationPresent(NullMarked.class)
                        && parameter.getOwner().getParameterCount() == components.length) {
                    return Optional.of(components[parameter.getIndex()]);
                }
            }
            return Optional.empty();
        }
    }
}
