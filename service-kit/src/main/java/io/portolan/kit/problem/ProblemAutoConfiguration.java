package io.portolan.kit.problem;

import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.databind.JacksonModule;

/** Gives every service the same answers. */
@AutoConfiguration
@ConditionalOnWebApplication
@Import(ProblemAdvice.class)
class ProblemAutoConfiguration {
    @Bean
    BodyLimit bodyLimit(@Qualifier("handlerExceptionResolver") HandlerExceptionResolver answers) {
        return new BodyLimit(answers);
    }

    @Bean
    BoundsInDocument boundsInDocument() {
        return new BoundsInDocument();
    }

    @Bean
    JacksonModule boundedBodies() {
        return new BoundedBodies();
    }

    @Bean
    WebMvcConfigurer beforeHandlers() {
        return new WebMvcConfigurer() {
            @Override
            public void addInterceptors(InterceptorRegistry interceptors) {
                interceptors.addInterceptor(new AcceptFirst());
                interceptors.addInterceptor(new BoundedParameters());
            }
        };
    }

    @Bean
    RefusalCounter refusalCounter(MeterRegistry meters) {
        return new RefusalCounter(meters);
    }

    @Bean
    ProblemsInDocument problemsInDocument(@Value("${spring.application.name:}") String service) {
        return new ProblemsInDocument(service);
    }

    @Bean
    JacksonModule requiredMembers() {
        return new RequiredMembers();
    }
}
