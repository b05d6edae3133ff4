package io.portolan.agent.netlink;

import java.util.function.Consumer;

/**
 * One message to the kernel.
 *
 * @param operation and {@code subject}: how a refusal will name it
 * @param body writes the family header and the attributes
 */
record Request(String operation, String subject, int type, int flags, Consumer<MessageWriter> body) {
    NetlinkException refused(int errno, String kernelMessage) {
        return new NetlinkException(operation, subject, errno, kernelMessage);
    }
}
