package io.portolan.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/** The pod behind a sandbox, as kubelet names it in {@code CNI_ARGS}; a caller that is not kubelet has none. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PodRef(
        String namespace, String name, @Nullable String uid) {}
