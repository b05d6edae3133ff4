package io.portolan.security.enforcement;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** @param defaultProfiles of pods that name none and whose namespace names none: at most 8 names or ids; none unless said */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SecurityClaim(@Nullable List<String> defaultProfiles) {}
