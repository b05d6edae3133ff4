/**
 * Makes Services so: one loop a cluster, one key a Service.
 *
 * <p>A signal of a watch says only <em>look at this one</em>. The look reads the Service and its slices from the watch's
 * copy, computes what should be, writes that to the ledger where it is new, and has the network make it so. What is as it
 * was before costs no write and asks nobody. A timer looks at all of them: one audit reads the whole network, and whatever
 * it does not find right is written again, which is counted as drift.
 *
 * <p>Only the replica that holds the cluster's Lease writes; the others watch and know everything it knows, but for what it
 * has settled, which an audit tells them when they take over. So a takeover loses nothing and repeats nothing.
 *
 * <p>A balancer goes when its Service was <em>seen</em> to go, or to be none any more; one whose Service is merely not there
 * goes after two looks apart in time. A read that fails deletes nothing.
 */
@NullMarked
package io.portolan.lb.sync;

import org.jspecify.annotations.NullMarked;
