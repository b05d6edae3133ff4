package io.portolan.ipam;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.data.jpa.repository.Query;

@AnalyzeClasses(packages = "io.portolan.ipam", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule featuresDoNotNeedEachOtherInACircle =
            slices().matching("io.portolan.ipam.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyRepositoriesSpeakSql = methods()
            .that()
            .areAnnotatedWith(Query.class)
            .should()
            .beDeclaredInClassesThat()
            .haveSimpleNameEndingWith("Repository");

    @ArchTest
    static final ArchRule nobodyGoesAroundThem = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "jakarta.persistence.criteria..", "org.springframework.jdbc..");

    @ArchTest
    static final ArchRule namesSayWhatThingsAre = noClasses()
            .should()
            .haveSimpleNameEndingWith("Impl")
            .orShould()
            .haveSimpleNameEndingWith("Util")
            .orShould()
            .haveSimpleNameEndingWith("Helper")
            .orShould()
            .haveSimpleNameEndingWith("Manager")
            .orShould()
            .haveSimpleNameEndingWith("DTO")
            .orShould()
            .haveSimpleNameEndingWith("Mapper");

    @ArchTest
    static final ArchRule dependenciesComeThroughConstructors =
            noClasses().should().dependOnClassesThat().areAssignableTo(Autowired.class);
}
