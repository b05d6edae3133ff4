package io.portolan.kit.problem;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.servlet.HandlerExceptionResolver;
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
    @ConditionalOnMissingBean(name = "requiredMembers")
    JacksonModule requiredMembers() {
        return new RequiredMembers();
    }
}
