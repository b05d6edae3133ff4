/** What topology-service says of the ports in the network: made, refused, to be taken out, gone. */
@NullMarked
package io.portolan.ipam.network;

import org.jspecify.annotations.NullMarked;
