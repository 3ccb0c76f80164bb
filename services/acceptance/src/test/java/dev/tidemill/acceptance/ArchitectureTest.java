package dev.tidemill.acceptance;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The layers of the architecture: downward only, and services meet in the schemas.
class ArchitectureTest {
  private static final String ROOT = "dev.tidemill";
  private static final List<String> WITHOUT_MODEL =
      List.of("ingest", "curator", "registry", "rollout");
  private static final List<String> WITH_MODEL = List.of("pretrainer", "tuner", "inference");

  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  static Stream<String> services() {
    return Stream.concat(WITHOUT_MODEL.stream(), WITH_MODEL.stream());
  }

  @Test
  void everyModuleIsSeen() {
    Stream.concat(
            services(),
            Stream.of("events", "schemas", "platform", "model", "broker", "client", "quickstart"))
        .forEach(
            module ->
                assertThat(PRODUCTION.stream().filter(c -> isIn(c, module)))
                    .as("classes of %s", module)
                    .isNotEmpty());
  }

  @Test
  void schemasImportNothingOfOurs() {
    onlyOurs("schemas", "events");
    onlyOurs("events");
  }

  @Test
  void thePlatformStandsOnTheSchemasAlone() {
    onlyOurs("platform", "schemas", "events");
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".platform..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.djl..", "org.apache.kafka.streams..")
        .check(PRODUCTION);
  }

  @Test
  void theModelKnowsNoKafka() {
    onlyOurs("model");
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".model..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.kafka..")
        .check(PRODUCTION);
  }

  @Test
  void nobodyButTheModelTouchesDjl() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".model..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(PRODUCTION);
  }

  @Test
  void theClientBringsNothingOfOursAlong() {
    onlyOurs("client");
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".client..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "java..", "com.fasterxml.jackson..", "org.jspecify..", ROOT + ".client..")
        .check(PRODUCTION);
  }

  @Test
  void theBrokerKnowsNoService() {
    onlyOurs("broker", "schemas", "events", "platform");
  }

  @Test
  void onlyTheCuratorUsesKafkaStreams() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".curator..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.kafka.streams..")
        .check(PRODUCTION);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ingest", "curator", "registry", "rollout"})
  void servicesWithoutAModelMeetInTheSchemas(String service) {
    onlyOurs(service, "schemas", "events", "platform");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pretrainer", "tuner", "inference"})
  void servicesWithAModelMeetInTheSchemas(String service) {
    onlyOurs(service, "schemas", "events", "platform", "model");
  }

  @Test
  void nobodyImportsTheQuickstart() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".quickstart..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".quickstart..")
        .check(PRODUCTION);
  }

  @ParameterizedTest
  @MethodSource("services")
  void everyServiceHasTheSameRooms(String service) {
    assertThat(PRODUCTION.contain(ROOT + "." + service + ".Main")).as("Main").isTrue();
    String name = Character.toUpperCase(service.charAt(0)) + service.substring(1);
    assertThat(PRODUCTION.contain(ROOT + "." + service + "." + name + "Service")).isTrue();
    JavaClass config = PRODUCTION.get(ROOT + "." + service + "." + name + "Config");
    assertThat(config.isRecord()).as("%s is a record", config.getName()).isTrue();
    for (String room : List.of("domain", "io")) {
      assertThat(PRODUCTION.stream().filter(c -> isIn(c, service + "." + room)))
          .as("classes of %s.%s", service, room)
          .isNotEmpty();
    }
  }

  @Test
  void domainsArePure() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".*.domain..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.kafka.clients..",
            "org.apache.kafka.streams..",
            "io.helidon..",
            "java.net.http..",
            "java.nio.channels..")
        .check(PRODUCTION);
  }

  @Test
  void everyPackageIsNullMarked() {
    classes()
        .that()
        .resideInAPackage(ROOT + "..")
        .and()
        .resideOutsideOfPackages(ROOT + ".events..", "..jmh_generated..")
        .should(
            com.tngtech.archunit.lang.conditions.ArchConditions.be(
                com.tngtech.archunit.base.DescribedPredicate.describe(
                    "in a null-marked package",
                    (JavaClass c) ->
                        c.getPackage().isAnnotatedWith("org.jspecify.annotations.NullMarked"))))
        .check(PRODUCTION);
  }

  /// The module depends on itself, on the modules named, and on nothing else of ours.
  private static void onlyOurs(String module, String... allowed) {
    List<String> others = new ArrayList<>(List.of("schemas", "events", "platform", "model"));
    others.addAll(WITHOUT_MODEL);
    others.addAll(WITH_MODEL);
    others.addAll(List.of("broker", "client", "quickstart"));
    others.remove(module);
    others.removeAll(List.of(allowed));
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + module + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others.stream().map(o -> ROOT + "." + o + "..").toArray(String[]::new))
        .check(PRODUCTION);
  }

  private static boolean isIn(JavaClass c, String module) {
    String name = ROOT + "." + module;
    return c.getPackageName().equals(name) || c.getPackageName().startsWith(name + ".");
  }
}
