/** What the agent knows, for people and for monitoring on this machine. Reads only; answers while everything else is down. */
@NullMarked
package io.portolan.agent.introspection;

import org.jspecify.annotations.NullMarked;
