/** Reports: what an agent says happened to the ports of its node. */
@NullMarked
package io.portolan.ipam.report;

import org.jspecify.annotations.NullMarked;
