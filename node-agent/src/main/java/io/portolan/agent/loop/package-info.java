/** What the agent does over and over, in the background: rounds with pauses, and pauses that grow while things fail. */
@NullMarked
package io.portolan.agent.loop;

import org.jspecify.annotations.NullMarked;
