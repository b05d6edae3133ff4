package io.portolan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
    static Stream<IpAddress> someAddresses() {
        Random random = new Random(20150401);
        return IntStream.range(0, 2_000).mapToObj(i -> {
            byte[] bytes = new byte[i % 2 == 0 ? 4 : 16];
            random.nextBytes(bytes);
            for (int b = 0; b < bytes.length && i % 3 == 0; b++) {
                bytes[b] = random.nextInt(3) == 0 ? bytes[b] : 0;
            }
            boolean mapped = bytes.length == 16 && new BigInteger(1, bytes).bitLength() <= 48;
            if (mapped) {
                bytes[0] = 0x20;
            }
            return IpAddress.of(bytes);
        });
    }

    @Test
    void whatIsPrintedParsesToTheSameAddress() {
        assertThat(someAddresses()).allSatisfy(address -> {
            assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
            assertThat(IpAddress.of(address.bytes())).isEqualTo(address);
            assertThat(InetAddress.getByName(address.toString()).getAddress()).isEqualTo(address.bytes());
        });
    }

    @Test
    void orderIsThatOfTheBytesAsUnsignedNumbers() {
        IpAddress[] all =
                someAddresses().filter(a -> a.family() == IpAddress.Family.IPV6).toArray(IpAddress[]::new);
        for (int i = 1; i < all.length; i++) {
            int byNumber = new BigInteger(1, all[i - 1].bytes()).compareTo(new BigInteger(1, all[i].bytes()));
            assertThat(Integer.signum(all[i - 1].compareTo(all[i]))).isEqualTo(byNumber);
        }
    }

    @Test
    void addingIsThatOfNumbers() {
        Random random = new Random(7);
        assertThat(someAddresses()).allSatisfy(address -> {
            long n = random.nextLong(-1_000_000, 1_000_000);
            BigInteger sum = new BigInteger(1, address.bytes()).add(BigInteger.valueOf(n));
            if (sum.signum() < 0 || sum.bitLength() > address.family().bits()) {
                assertThatThrownBy(() -> address.plus(n)).isInstanceOf(Malformed.class);
            } else {
                assertThat(new BigInteger(1, address.plus(n).bytes())).isEqualTo(sum);
            }
        });
    }

    @Test
    void ipv6IsPrintedAsRfc5952Asks() {
        assertThat(IpAddress.parse("2001:DB8:0:0:1:0:0:1")).hasToString("2001:db8::1:0:0:1");
        assertThat(IpAddress.parse("::")).hasToString("::");
        assertThat(IpAddress.parse("2001:db8:0:1:1:1:1:1")).hasToString("2001:db8:0:1:1:1:1:1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.4 ",
                "localhost",
                "1.2.3.-4",
                ":::",
                "1:2",
                "::ffff:1.2.3.4",
                "fe80::1%eth0",
                "0x7f.1.1.1"
            })
    void otherTextIsRefused(String text) {
        assertThatThrownBy(() -> IpAddress.parse(text))
                .isInstanceOf(Malformed.class)
                .hasMessageContaining("IP address");
    }

    static Stream<Cidr> someBlocks() {
        Random random = new Random(99);
        return someAddresses().map(a -> Cidr.around(a, random.nextInt(a.family().bits() + 1)));
    }

    @Test
    void aBlockHoldsExactlyWhatSharesItsPrefix() throws UnknownHostException {
        Cidr[] blocks = someBlocks().toArray(Cidr[]::new);
        for (int i = 1; i < blocks.length; i++) {
            Cidr a = blocks[i - 1];
            Cidr b = blocks[i];
            assertThat(a.overlaps(b)).isEqualTo(b.overlaps(a)).isEqualTo(a.contains(b) || b.contains(a));
            assertThat(a.contains(b)).isEqualTo(a.contains(b.network()) && b.prefixLength() >= a.prefixLength());
            assertThat(Cidr.parse(a.toString())).isEqualTo(a);
            assertThat(a.contains(a.address(0))).isTrue();
        }
        Cidr c = Cidr.parse("10.4.7.64/26");
        assertThat(c.address(-1)).hasToString("10.4.7.127");
        assertThat(c.contains(IpAddress.parse("10.4.7.128"))).isFalse();
        assertThat(Cidr.parse("0.0.0.0/0").size()).isEqualTo(1L << 32);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0.1/24",
                "10.0.0.0/-1",
                "10.0.0.0/024",
                "10.0.0.0/",
                "2001:db8::1/64"
            })
    void aBlockThatIsNotCanonicalIsRefused(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(Malformed.class);
    }

    @Test
    void theRefusalOfABlockSaysHowToWriteIt() {
        assertThatThrownBy(() -> Cidr.parse("10.0.0.77/26")).hasMessageContaining("write 10.0.0.64/26");
    }

    @Test
    void aMacFollowsFromItsAddress() {
        assertThat(MacAddress.derivedFrom(IpAddress.parse("10.4.7.19"))).hasToString("0a:58:0a:04:07:13");
        assertThat(MacAddress.parse("0A:58:0a:04:07:13"))
                .isEqualTo(MacAddress.derivedFrom(IpAddress.parse("10.4.7.19")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0a:58", "00:00:00:00:00:00", "01:00:5e:00:00:01", "0a-58-0a-04-07-13"})
    void aMacThatIsNotUnicastIsRefused(String text) {
        assertThatThrownBy(() -> MacAddress.parse(text)).isInstanceOf(Malformed.class);
    }

    static Stream<int[]> nodes() {
        return Stream.of(
                new int[] {1, 1024, 110, 28},
                new int[] {4, 16_384, 110, 26},
                new int[] {6, 32_768, 61, 26},
                new int[] {7, 32_768, 62, 25},
                new int[] {64, 262_144, 250, 24},
                new int[] {4096, 67_108_864, 4_000, 24});
    }

    @ParameterizedTest
    @MethodSource("nodes")
    void aNodesSubnetFollowsFromItsSize(int[] node) {
        assertThat(SubnetSizing.DEFAULT.prefixLength(node[0], node[1], node[2])).isEqualTo(node[3]);
    }

    @Test
    void aSubnetHoldsItsPodsAndHalfOfItWouldNot() {
        for (int pods = 1; pods <= 4_000; pods++) {
            SubnetSizing sizing = new SubnetSizing(1, 1, pods, pods);
            long size = 1L << (32 - sizing.prefixLength(1, 1, 1));
            assertThat(size - SubnetSizing.RESERVED).isGreaterThanOrEqualTo(pods);
            assertThat(size / 2 - SubnetSizing.RESERVED).isLessThan(pods);
        }
    }
}
