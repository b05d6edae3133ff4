package io.portolan.testbed.openstack;

import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** A tenant: a project with one user, who is its member and may balance loads in it. */
public final class CloudProject {
    /** The role with which this cloud's policy allows {@code binding:profile} on ports; others get 403. */
    public static final String CONTAINER_NETWORKS = "container-networks";

    private final OpenStackCloud cloud;
    private final String name;
    private final String id;
    private final String userId;
    private final CloudLogin login;

    private CloudProject(OpenStackCloud cloud, String name, String id, String userId, CloudLogin login) {
        this.cloud = cloud;
        this.name = name;
        this.id = id;
        this.userId = userId;
        this.login = login;
    }

    static CloudProject make(OpenStackCloud cloud, String name) {
        CloudApi.Service keystone = cloud.admin().identity();
        String password = UUID.randomUUID().toString();
        String id = keystone.post("/projects", Map.of("project", Map.of("name", name, "domain_id", "default")))
                .at("/project/id")
                .asString();
        String user = keystone.post(
                        "/users", Map.of("user", Map.of("name", name, "domain_id", "default", "password", password)))
                .at("/user/id")
                .asString();
        CloudLogin login =
                new CloudLogin(cloud.authUrl(), new CloudLogin.Password(name, password, name), CloudLogin.FIRST_REGION);
        CloudProject project = new CloudProject(cloud, name, id, user, login);
        project.grant("member");
        project.grant("load-balancer_member");
        return project;
    }

    /** The name of the project and of its user. */
    public String name() {
        return name;
    }

    public String id() {
        return id;
    }

    /** By password. */
    public CloudLogin login() {
        return login;
    }

    /** A new session of its user. */
    public CloudApi api() {
        return CloudApi.signIn(login);
    }

    /** Gives the user this role in the project, for example {@link #CONTAINER_NETWORKS}; tokens have it from then on. */
    public CloudProject grant(String role) {
        JsonNode found = cloud.admin().identity().get("/roles?name=" + role).at("/roles/0/id");
        cloud.admin().identity().put("/projects/%s/users/%s/roles/%s".formatted(id, userId, found.asString()));
        return this;
    }

    /** A new application credential of the user, with all the roles that it has now. */
    public CloudLogin applicationCredential() {
        JsonNode made = api().identity()
                .post(
                        "/users/%s/application_credentials".formatted(userId),
                        Map.of("application_credential", Map.of("name", "credential-" + UUID.randomUUID())))
                .path("application_credential");
        return new CloudLogin(
                login.authUrl(),
                new CloudLogin.ApplicationCredential(
                        made.path("id").asString(), made.path("secret").asString()),
                login.region());
    }

    /** Sets limits of Neutron by their names, {@code port}, {@code subnet}, {@code router} …; -1 is none. */
    public void quota(Map<String, Integer> limits) {
        cloud.admin().network().put("/quotas/" + id, Map.of("quota", limits));
    }

    @Override
    public String toString() {
        return "project " + name;
    }
}
