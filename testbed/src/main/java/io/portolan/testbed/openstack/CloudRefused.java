package io.portolan.testbed.openstack;

/** The cloud answered a call with a status of 400 or more. */
public final class CloudRefused extends RuntimeException {
    private final CloudApi.Answer answer;

    CloudRefused(String method, String path, CloudApi.Answer answer) {
        super("%s %s: %d %s".formatted(method, path, answer.status(), answer.body()));
        this.answer = answer;
    }

    public int status() {
        return answer.status();
    }

    public CloudApi.Answer answer() {
        return answer;
    }
}
