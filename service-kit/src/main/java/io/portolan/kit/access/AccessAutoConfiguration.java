package io.portolan.kit.access;

import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.micrometer.core.instrument.MeterRegistry;
import io.portolan.model.identity.TokenFile;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Gives every service its doorkeeper. */
@AutoConfiguration(
        beforeName = {
            "org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration",
            "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
            "org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration"
        },
        afterName = "org.springframework.boot.jdbc.autoconfigure.JdbcClientAutoConfiguration")
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@EnableConfigurationProperties({AccessProperties.class, LimitsProperties.class})
class AccessAutoConfiguration {
    /** For orchestrators' probes and readers of the API. */
    private static final String[] EVERYBODY = {
        "/actuator/health",
        "/actuator/health/liveness",
        "/actuator/health/readiness",
        "/v3/api-docs",
        "/v3/api-docs.yaml",
        "/v3/api-docs/**",
        "/swagger-ui.html",
        "/swagger-ui/**",
        "/error"
    };

    @Bean
    Issuers issuers(AccessProperties access) {
        return new Issuers(access.issuers().stream()
                .map(issuer -> new TrustedIssuer(issuer, keys(issuer)))
                .toList());
    }

    private static JWKSource<SecurityContext> keys(AccessProperties.Issuer issuer) {
        URI jwks = issuer.jwks();
        return jwks != null && "file".equals(jwks.getScheme()) ? new KeyFile(Path.of(jwks)) : KeyServer.of(issuer);
    }

    @Bean
    OwnIdentity ownIdentity(AccessProperties access) {
        return new OwnIdentity(Optional.ofNullable(access.tokenFile()).map(TokenFile::new));
    }

    @Bean
    RateLimits rateLimits(LimitsProperties limits, MeterRegistry meters) {
        return new RateLimits(limits, meters, System::nanoTime);
    }

    @Bean
    DenialAnswers denialAnswers(
            @Qualifier("handlerExceptionResolver") HandlerExceptionResolver answers, RateLimits limits) {
        return new DenialAnswers(answers, limits);
    }

    @Bean
    Rules rules(ObjectProvider<RequestMappingHandlerMapping> mappings, JdbcClient ledger, AccessProperties access) {
        return new Rules(mappings, new NodeNameRepository(ledger), access.open());
    }

    @Bean
    WebMvcConfigurer rulesBeforeHandlers(ObjectProvider<Rules> rules) {
        return new WebMvcConfigurer() {
            @Override
            public void addInterceptors(InterceptorRegistry interceptors) {
                interceptors.addInterceptor(rules.getObject()).order(Ordered.HIGHEST_PRECEDENCE);
            }
        };
    }

    @Bean
    RulesInDocument rulesInDocument() {
        return new RulesInDocument();
    }

    @Bean
    SecurityObservationSettings noSpanForEachFilter() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    @ConditionalOnBooleanProperty("portolan.access.open")
    OpenToAll openToAll(Environment environment, AccessProperties access) {
        return new OpenToAll(environment.getProperty("server.address"), access.openBeyondLoopback());
    }

    /** It stands in Spring Security's chain, and there alone. */
    @Bean
    @ConditionalOnBooleanProperty("portolan.access.open")
    FilterRegistrationBean<OpenToAll> openToAllOnlyOnce(OpenToAll filter) {
        FilterRegistrationBean<OpenToAll> registration = new FilterRegistrationBean<>(filter);
        registration.setEnabled(false);
        return registration;
    }

    @Bean
    SecurityFilterChain doorkeeper(
            HttpSecurity http,
            Issuers issuers,
            DenialAnswers answers,
            RateLimits limits,
            ObjectProvider<OpenToAll> open) {
        http.csrf(AbstractHttpConfigurer::disable)
                .formLogin(AbstractHttpConfigurer::disable)
                .httpBasic(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .exceptionHandling(
                        denials -> denials.authenticationEntryPoint(answers).accessDeniedHandler(answers));
        OpenToAll everybody = open.getIfAvailable();
        if (everybody != null) {
            http.addFilterBefore(everybody, AuthorizationFilter.class)
                    .addFilterBefore(new RateLimitFilter(limits, answers), AuthorizationFilter.class)
                    .authorizeHttpRequests(requests -> requests.anyRequest().permitAll());
        } else {
            http.addFilterBefore(new RateLimitFilter(limits, answers), AuthorizationFilter.class)
                    .oauth2ResourceServer(tokens -> tokens.authenticationManagerResolver(request -> issuers)
                            .authenticationEntryPoint(answers)
                            .accessDeniedHandler(answers))
                    .authorizeHttpRequests(requests -> requests.requestMatchers(EVERYBODY)
                            .permitAll()
                            .requestMatchers("/actuator/**")
                            .hasRole(Role.VIEWER.name())
                            .requestMatchers("/v1/**")
                            .authenticated()
                            .anyRequest()
                            .denyAll());
        }
        return http.build();
    }
}
