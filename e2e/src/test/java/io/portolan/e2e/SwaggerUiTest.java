package io.portolan.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.portolan.e2e.stack.RestCalls;
import io.portolan.e2e.stack.Stack;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import tools.jackson.databind.JsonNode;

/** Swagger UI of every service, in a browser, by a person with the dev stack's token. Pictures are in target/swagger-ui. */
class SwaggerUiTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Path PICTURES = Path.of("target", "swagger-ui");
    private static Stack stack;
    private static ChromeDriver browser;

    @BeforeAll
    static void open() throws IOException {
        Files.createDirectories(PICTURES);
        stack = SharedStack.get().stack();
        String host = URI.create(stack.ipamCalls().base()).getHost();
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE " + host + " , EXCLUDE 127.0.0.1",
                "--window-size=1400,1600");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.SEVERE);
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        ChromeDriverService driver = new ChromeDriverService.Builder()
                .usingDriverExecutable(Path.of("/usr/bin/chromedriver").toFile())
                .usingAnyFreePort()
                .build();
        browser = new ChromeDriver(driver, options);
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.quit();
        }
    }

    @Test
    void everyOperationOfEveryServiceIsOnItsPage() throws IOException {
        complaints();
        for (Map.Entry<String, RestCalls> service : services().entrySet()) {
            show(service.getValue().base());
            JsonNode document = service.getValue().get("/v3/api-docs").ok();
            AtomicInteger operations = new AtomicInteger();
            document.path("paths").forEach(path -> operations.addAndGet(path.size()));
            assertThat(browser.findElements(By.cssSelector(".opblock"))).hasSize(operations.get());
            assertThat(one(".info .title").getText()).startsWith("Portolan " + service.getKey());
            assertThat(browser.findElements(By.cssSelector(".errors-wrapper"))).isEmpty();
            picture(service.getKey());
            assertThat(complaints()).isEmpty();
        }
    }

    @Test
    void anOperationIsTriedWithTheTokenOfTheStackAndRefusedWithout() throws IOException {
        show(stack.ipamCalls().base());
        browser.executeScript("localStorage.clear()");
        show(stack.ipamCalls().base());
        open("utilisation", "getUtilisation");
        one("[id$=getUtilisation] .try-out__btn").click();
        WebElement cluster = one("[id$=getUtilisation] [data-param-name=cluster] input");
        assertThat(cluster.getAttribute("value")).as("an example is there").isEqualTo("main");
        cluster.sendKeys(Keys.chord(Keys.CONTROL, "a"), Stack.CLUSTER);
        assertThat(tried("getUtilisation")).startsWith("401");
        assertThat(one("[id$=getUtilisation] .live-responses-table").getText())
                .contains("urn:portolan:problem:unauthenticated");
        picture("refused");

        one(".auth-wrapper .authorize").click();
        one(".modal-ux input").sendKeys(Files.readString(stack.operatorToken()).strip());
        one(".modal-ux button[type=submit]").click();
        one(".modal-ux .btn-done").click();
        assertThat(tried("getUtilisation")).startsWith("200");
        assertThat(one("[id$=getUtilisation] .live-responses-table").getText()).contains("\"cluster\": \"demo\"");
        picture("tried");
    }

    @Test
    void whatToDoAboutARefusalAndWhatAMemberMeansAreRead() throws IOException {
        show(stack.topologyCalls().base());
        open("nodes", "registerNode");
        String page = one("[id$=registerNode]").getText();
        assertThat(page)
                .contains("two machines have one name: rename one"); // node-identity-conflict, from docs/http.md
        assertThat(page).contains("\"chassis\": \"worker-1\"");
        picture("operation");
        found("[id$=registerNode] .opblock-section-request-body .tablinks").stream()
                .filter(tab -> tab.getText().equals("Schema"))
                .findFirst()
                .orElseThrow()
                .click();
        found("[id$=registerNode] .opblock-section-request-body .json-schema-2020-12-expand-deep-button").stream()
                .filter(button -> button.getText().equals("Expand all"))
                .forEach(WebElement::click);
        assertThat(one("[id$=registerNode]").getText()).contains("the OVN chassis that binds the node's ports");
    }

    /** What the browser has complained of since it was last asked. */
    private static List<LogEntry> complaints() {
        return browser.manage().logs().get(LogType.BROWSER).getAll();
    }

    private static Map<String, RestCalls> services() {
        return Map.of(
                "ipam-service", stack.ipamCalls(),
                "topology-service", stack.topologyCalls(),
                "lb-sync-service", stack.lbCalls(),
                "security-service", stack.securityCalls());
    }

    private static void show(String base) {
        browser.get(base + "/swagger-ui/index.html");
        one(".opblock");
    }

    private static void open(String tag, String operation) {
        one("[id=operations-%s-%s] .opblock-summary-control".formatted(tag, operation))
                .click();
        one("[id=operations-%s-%s] .opblock-body".formatted(tag, operation));
    }

    /** @return the status, of a call that was sent after the last one was answered */
    private static String tried(String operation) {
        String where = "[id$=" + operation + "] ";
        browser.findElements(By.cssSelector(where + ".btn-clear")).forEach(WebElement::click);
        one(where + ".execute").click();
        return one(where + ".live-responses-table tbody .response-col_status").getText();
    }

    private static WebElement one(String selector) {
        return await().atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> found(selector), found -> !found.isEmpty())
                .getFirst();
    }

    private static List<WebElement> found(String selector) {
        return browser.findElements(By.cssSelector(selector)).stream()
                .filter(WebElement::isDisplayed)
                .toList();
    }

    private static void picture(String name) throws IOException {
        Files.write(PICTURES.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
    }
}
