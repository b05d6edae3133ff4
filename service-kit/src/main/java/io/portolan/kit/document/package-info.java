/**
 * What makes an OpenAPI document fit for people: examples that can be sent as they are. Values of members and parameters
 * are in {@code values.properties} beside this package and in the service's {@code examples/values.properties}, bodies of
 * requests in the service's {@code examples/SCHEMA.NAME.json}. Descriptions of members are their records' Javadoc.
 */
@NullMarked
package io.portolan.kit.document;

import org.jspecify.annotations.NullMarked;
