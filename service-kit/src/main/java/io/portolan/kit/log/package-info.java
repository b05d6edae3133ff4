/** What a service's log lines say besides their words: whom a request, a report or a look is about. */
@NullMarked
package io.portolan.kit.log;

import org.jspecify.annotations.NullMarked;
