package io.portolan.kit.access;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** The service does not start, because it could not say who may do what. */
final class AccessMisconfigured extends RuntimeException {
    private final String remedy;

    AccessMisconfigured(String message, String remedy) {
        super(message);
        this.remedy = remedy;
    }

    /** Says it without a stack trace. */
    static final class Analyzer extends AbstractFailureAnalyzer<AccessMisconfigured> {
        @Override
        protected FailureAnalysis analyze(Throwable failure, AccessMisconfigured cause) {
            return new FailureAnalysis(cause.getMessage(), cause.remedy, cause);
        }
    }
}
