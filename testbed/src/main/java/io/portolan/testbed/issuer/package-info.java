/** An issuer of tokens, as an API server or an OpenID provider is one, for tests and for the dev stack. */
@NullMarked
package io.portolan.testbed.issuer;

import org.jspecify.annotations.NullMarked;
