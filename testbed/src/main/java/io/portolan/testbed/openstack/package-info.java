/**
 * A real cloud on one machine: Keystone and Neutron with ML2/OVN, as Debian has them, over an OVN central of the testbed.
 *
 * <p>{@link io.portolan.testbed.openstack.OpenStackCloud} starts it, {@link io.portolan.testbed.openstack.Hypervisor} joins
 * a chassis to it and plugs virtual machines, {@link io.portolan.testbed.openstack.CloudApi} looks at it as any client
 * does. There is no Nova, no message queue and no agent: ML2/OVN needs none.
 *
 * <p>What is kept between starts is a template of the databases and keys, made once for the versions of the packages and
 * the text of the recipe; see {@link io.portolan.testbed.openstack.CloudTemplate}. Every start works on a copy of its own,
 * with ports of its own, so that clouds do not meet. The HTTP services listen on the loopback address, everything else on
 * unix sockets in the workspace.
 *
 * <p>MariaDB, because Octavia's migrations fail on the others. It is killed, not stopped, at the end; the files are not
 * synced to the disk, which outlives a killed process but not a power cut.
 *
 * <p>Neutron 21 reads a chassis' bridge mappings from {@code Chassis.external_ids}, and OVN 23.03 writes them to
 * {@code other_config} only: a hypervisor copies them, as otherwise no gateway is ever bound.
 */
@NullMarked
package io.portolan.testbed.openstack;

import org.jspecify.annotations.NullMarked;
