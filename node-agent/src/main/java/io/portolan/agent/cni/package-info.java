/**
 * The Container Network Interface, as kubelet's runtimes and podman speak it through {@code cni/portolan-cni}.
 *
 * <p>A call is one connection of a unix socket ({@link io.portolan.agent.cni.CniServer}), read as a {@code Frame}, checked as a
 * {@code CniRequest}, done by {@code Attachments}, answered in the caller's version of the protocol by {@code CniAnswers}.
 *
 * <h2>ADD</h2>
 * <ol>
 *   <li>sandboxes of the same pod that no longer live are detached and released;
 *   <li>a port is taken from the cache. From here on, durably, it is this sandbox's;
 *   <li>where security profiles are enforced and the port is in others than the pod's, it is put in the pod's, by security-service,
 *       and the node has carried that out. A port that waits in the set is preferred, and then there is nothing to do;
 *   <li>its wire's end is moved into the pod and configured;
 *   <li>the answer.
 * </ol>
 * The warm path is these, without a word to the control plane or to OVN. What fails between the second and the last is undone at once:
 * detached, then released to rest. What is <em>killed</em> there stays taken: a repeated ADD of the same sandbox finishes it, a
 * DEL (which a runtime sends after a failed ADD) or a GC releases it, and the rebuild at the next start does when the sandbox
 * is gone. It is never released merely because the agent did not see it finished.
 *
 * <h2>DEL</h2>
 * Knows only (container id, interface). Detached first, released after: an address rests only when nothing answers to it.
 * What cannot be done because the node's database is away goes to the queue that the plugin uses while the agent is away.
 *
 * <p>Calls of one sandbox, and ADDs of one pod, come one after another. Rejected: releasing by address (a stale DEL would free a
 * living pod's); collecting what no runtime lists at the first look (calico#5044).
 */
@NullMarked
package io.portolan.agent.cni;

import org.jspecify.annotations.NullMarked;
