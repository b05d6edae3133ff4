package io.portolan.testbed;

/** Something of the testbed could not be made or did not become ready in time; the message says what and why. */
public class TestbedFailed extends RuntimeException {
    public TestbedFailed(String message) {
        super(message);
    }

    public TestbedFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
