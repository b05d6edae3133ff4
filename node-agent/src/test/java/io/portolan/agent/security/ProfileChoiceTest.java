package io.portolan.agent.security;

import static io.portolan.agent.security.TestingSecurity.id;
import static io.portolan.agent.security.TestingSecurity.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.portolan.agent.security.ProfileChoice.Said;
import io.portolan.agent.security.ProfilesRefused.Reason;
import io.portolan.model.ProfileId;
import io.portolan.model.api.LabelSelector;
import io.portolan.model.api.NodeSecurity;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProfileChoiceTest {
    private static final String GROUP = "6f3f0d8c-1f0e-4a53-9b3a-0a9a4f1f6f10";
    private static final NodeSecurity CATALOGUE = new NodeSecurity(
            true,
            List.of(
                    profile("web"),
                    profile("db"),
                    profile("base"),
                    new NodeSecurity.Profile(id("adopted"), "adopted", GROUP, null, true),
                    new NodeSecurity.Profile(id("bank"), "bank", null, List.of("payments"), true),
                    new NodeSecurity.Profile(id("young"), "young", null, null, false)),
            List.of(id("base")),
            List.of());

    private static Set<ProfileId> choose(
            @Nullable String annotation, @Nullable String label, @Nullable String namespaceAnnotation) {
        return choose(CATALOGUE, annotation, label, namespaceAnnotation);
    }

    private static Set<ProfileId> choose(
            NodeSecurity catalogue,
            @Nullable String annotation,
            @Nullable String label,
            @Nullable String namespaceAnnotation) {
        return new ProfileChoice(catalogue, Optional.of("shop"))
                .of(new Said(annotation, label, namespaceAnnotation, Map.of()));
    }

    private static void assertRefused(Reason reason, String annotation, String... words) {
        assertThatThrownBy(() -> choose(annotation, "web", "web"))
                .isInstanceOfSatisfying(
                        ProfilesRefused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason))
                .hasMessageContainingAll(words);
    }

    @Test
    void theFirstThatSaysAnythingDecides() {
        assertThat(choose("web,db", "base", "adopted")).containsExactlyInAnyOrder(id("web"), id("db"));
        assertThat(choose(null, "db", "adopted")).containsExactly(id("db"));
        assertThat(choose(null, null, "web, adopted")).containsExactlyInAnyOrder(id("web"), id("adopted"));
        assertThat(choose(null, null, null)).containsExactly(id("base"));
        assertThat(choose(new NodeSecurity(true, List.of(), List.of(), List.of()), null, null, null))
                .isEmpty();
    }

    @Test
    void aProfileIsNamedByNameOrByIdOrByTheAdoptedGroupAndTwiceIsOnce() {
        assertThat(choose(" web , %s ,%s".formatted(id("web"), GROUP.toUpperCase(java.util.Locale.ROOT)), null, null))
                .containsExactlyInAnyOrder(id("web"), id("adopted"));
    }

    @Test
    void whatIsMalformedOrUnknownIsRefusedAndNotMadeUpForByTheNext() {
        assertRefused(Reason.MALFORMED, "", "annotation portolan.io/security-profiles", "''");
        assertRefused(Reason.MALFORMED, "web,,db", "''");
        assertRefused(Reason.MALFORMED, "web,", "''");
        assertRefused(Reason.MALFORMED, "we b", "'we b'");
        assertRefused(Reason.MALFORMED, "web\ndb", "'web?db'");
        assertRefused(Reason.MALFORMED, "x".repeat(10_000), "xxx...");
        assertRefused(Reason.UNKNOWN, "web,wbe", "'wbe'");
        UUID nobodys = UUID.fromString("00000000-0000-4000-8000-000000000000");
        assertRefused(Reason.UNKNOWN, nobodys.toString(), nobodys.toString());
        assertThatThrownBy(() -> choose(null, "a,b", null)).hasMessageContaining("label portolan.io/security-profile:");
        assertThatThrownBy(() -> choose(null, null, "nothing"))
                .hasMessageContaining("the namespace's annotation portolan.io/security-profiles: there is no");
    }

    @Test
    void moreThanEightAreRefusedHoweverManyAThousandAre() {
        String many = IntStream.range(0, 1_000).mapToObj(i -> "p" + i).collect(Collectors.joining(","));
        assertRefused(Reason.TOO_MANY, many, "more than 8");
        String twice = IntStream.range(0, 1_000).mapToObj(i -> "web").collect(Collectors.joining(","));
        assertThat(choose(twice, null, null)).containsExactly(id("web"));
    }

    @Test
    void aProfileMayBeForSomeNamespacesOnlyAndOneThatIsNotThereYetIsRefused() {
        assertRefused(Reason.NOT_ALLOWED, "bank", "'bank' is not for pods of namespace shop");
        assertRefused(Reason.NOT_READY, "web,young", "'young'");
        Said said = new Said("bank", null, null, Map.of());
        assertThat(new ProfileChoice(CATALOGUE, Optional.of("payments")).of(said))
                .containsExactly(id("bank"));
        assertThatThrownBy(() -> new ProfileChoice(CATALOGUE, Optional.empty()).of(said))
                .hasMessageContaining("is not for pods of no namespace");
    }

    private static NodeSecurity.Policy policy(String name, String label, boolean ready) {
        return new NodeSecurity.Policy(
                id(name), "shop", name, new LabelSelector(Map.of("app", label), List.of()), ready);
    }

    private static NodeSecurity with(NodeSecurity.Policy... policies) {
        return new NodeSecurity(true, CATALOGUE.profiles(), CATALOGUE.defaultProfiles(), List.of(), List.of(policies));
    }

    private static Set<ProfileId> labelled(NodeSecurity catalogue, String namespace, String app) {
        return new ProfileChoice(catalogue, Optional.of(namespace)).of(new Said("web", null, null, Map.of("app", app)));
    }

    @Test
    void whomPoliciesOfItsNamespaceSelectIsInThemBesideItsProfiles() {
        NodeSecurity catalogue =
                with(policy("first", "a", true), policy("second", "a", true), policy("other", "b", true));
        assertThat(labelled(catalogue, "shop", "a")).containsExactlyInAnyOrder(id("web"), id("first"), id("second"));
        assertThat(labelled(catalogue, "shop", "c")).containsExactly(id("web"));
        assertThat(labelled(catalogue, "payments", "a")).containsExactly(id("web"));
        assertThatThrownBy(() -> labelled(with(policy("first", "a", false)), "shop", "a"))
                .hasMessageContaining("NetworkPolicy 'first' is not in the network yet");
        assertThat(labelled(with(policy("first", "b", false)), "shop", "a")).containsExactly(id("web"));
        NodeSecurity.Policy[] many =
                IntStream.range(0, 25).mapToObj(i -> policy("p" + i, "a", true)).toArray(NodeSecurity.Policy[]::new);
        assertThatThrownBy(() -> labelled(with(many), "shop", "a")).hasMessageContaining("25 NetworkPolicies");
    }

    @Test
    void aPortGoesStraightToASetThatDiffersInPoliciesOnly() {
        NodeSecurity catalogue = with(policy("first", "a", true));
        Set<ProfileId> web = Set.of(id("web"));
        Set<ProfileId> narrowed = Set.of(id("web"), id("first"));
        Set<ProfileId> gone = Set.of(id("web"), id("not known any more"));
        assertThat(ProfileChoice.differInPoliciesOnly(web, narrowed, catalogue)).isTrue();
        assertThat(ProfileChoice.differInPoliciesOnly(gone, web, catalogue)).isTrue();
        assertThat(ProfileChoice.differInPoliciesOnly(narrowed, Set.of(id("db"), id("first")), catalogue))
                .isFalse();
        assertThat(ProfileChoice.differInPoliciesOnly(Set.of(), narrowed, catalogue))
                .isFalse();
        assertThat(ProfileChoice.differInPoliciesOnly(Set.of(id("first")), Set.of(), catalogue))
                .isFalse();
    }
}
