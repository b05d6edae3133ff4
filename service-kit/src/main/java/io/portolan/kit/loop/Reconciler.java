package io.portolan.kit.loop;

import java.util.Set;

/** Makes one thing true at a time. Both methods may block, throw, and be called by many threads; never twice for one key. */
public interface Reconciler<K> {
    /** All that should exist and all that exists: orphans are keys. What it cannot read it leaves out or throws. */
    Set<K> keys();

    /** Looks at both sides and does what is missing. Whatever it throws is a failure: the key is tried again later. */
    Outcome reconcile(K key);
}
