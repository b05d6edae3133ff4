package io.portolan.kit.access;

import io.portolan.model.identity.TokenFile;
import java.io.IOException;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRequest;
import org.springframework.http.client.ClientHttpRequestExecution;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.http.client.ClientHttpResponse;

/** What a service shows to the other services that it calls. Clients of anybody else must not have it. */
public final class OwnIdentity implements ClientHttpRequestInterceptor {
    private final Optional<TokenFile> token;

    OwnIdentity(Optional<TokenFile> token) {
        this.token = token;
    }

    @Override
    public ClientHttpResponse intercept(HttpRequest request, byte[] body, ClientHttpRequestExecution execution)
            throws IOException {
        if (token.isPresent()) {
            request.getHeaders().set(HttpHeaders.AUTHORIZATION, token.get().authorization());
        }
        return execution.execute(request, body);
    }
}
