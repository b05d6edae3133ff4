/**
 * A Portolan that everything happens to: {@code ./portolan chaos}.
 *
 * <p>A stack on a real OVN and a pair of real PostgreSQL servers; pods come and go on its nodes through the CNI executable. What
 * happens to it, and when, follows from a seed: processes are killed and paused, a node's way to the services is cut, the disk
 * of its cache fills up, its clock jumps. Which of two threads is first does not follow from the seed, so a repeated run is the
 * same weather, not the same film. At the end everything runs again, and then ledger, network, caches and pods must
 * say the same: that is the verdict. While it goes on only one thing is asked: no address is two pods'.
 */
@NullMarked
package io.portolan.e2e.chaos;

import org.jspecify.annotations.NullMarked;
