package io.portolan.model.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * The network has taken all of a {@link BindingRequest}.
 *
 * @param mark a node has carried it out when its switch has carried out this configuration number or a later one; absent
 *     where a node cannot tell
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BindingAnswer(@Nullable Long mark) {}
