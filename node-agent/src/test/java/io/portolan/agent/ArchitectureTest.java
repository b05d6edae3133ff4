package io.portolan.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.portolan.agent", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("io.portolan.agent.(*)..").should().beFreeOfCycles();

    /** There is no client of OVN's northbound database here, so a pod's start cannot write to it. */
    @ArchTest
    static final ArchRule knowsNoNetworkBackendAndNoLedger = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.portolan.sdn..", "io.portolan.ledger..", "io.portolan.kit..", "java.sql..", "javax.sql..");

    /** What a pod's start runs through does not know the control plane. */
    @ArchTest
    static final ArchRule podsDoNotReachTheControlPlane = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.portolan.agent.cache..",
                    "io.portolan.agent.wiring..",
                    "io.portolan.agent.cni..",
                    "io.portolan.agent.netlink..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.portolan.agent.control..", "org.springframework.web..", "java.net.http..");

    @ArchTest
    static final ArchRule namesSayWhatThingsAre =
            noClasses().should().haveNameMatching(".*(Impl|Utils?|Helper|Manager|DTO|Dto|Mapper)");

    @ArchTest
    static final ArchRule controllersAreEndpoints = classes()
            .that()
            .haveSimpleNameEndingWith("Controller")
            .should()
            .beAnnotatedWith("org.springframework.web.bind.annotation.RestController");
}
