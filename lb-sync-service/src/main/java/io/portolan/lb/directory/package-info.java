/** The port directory: whose port an address behind a cluster's router is. Ours are looked up in the ledger, others' in the network. */
@NullMarked
package io.portolan.lb.directory;

import org.jspecify.annotations.NullMarked;
