"""Keystone's schema, keys and first entries, made by one process where keystone-manage and its API would take ten.

arguments: the configuration file; the password of every user is on the standard input. The endpoints' URLs are
placeholders: where the services listen is known only when they are started.
"""
import sys
import uuid

import keystone.conf
from keystone.cmd import bootstrap
from keystone.common import fernet_utils, provider_api, sql
from keystone.common.sql import upgrades
from keystone.credential.providers import fernet as credential_fernet

CONF = keystone.conf.CONF
keystone.conf.configure()
sql.initialize()
CONF(args=["--config-file", sys.argv[1]], project="keystone")
secret = sys.stdin.read().strip()

upgrades.offline_sync_database_to_version()
for group, most in (("fernet_tokens", CONF.fernet_tokens.max_active_keys), ("credential", credential_fernet.MAX_ACTIVE_KEYS)):
    keys = fernet_utils.FernetUtils(CONF[group].key_repository, most, group)
    keys.create_key_directory()
    keys.initialize_key_repository()

first = bootstrap.Bootstrapper()
first.admin_username = first.project_name = first.admin_role_name = "admin"
first.admin_password = secret
first.service_name = "keystone"
first.region_id = "RegionOne"
first.public_url = first.internal_url = first.admin_url = "http://keystone.invalid/v3"
first.bootstrap()

known = provider_api.ProviderAPIs


def new_id():
    return uuid.uuid4().hex


roles = {}
for name in ("service", "load-balancer_member", "container-networks"):
    roles[name] = new_id()
    known.role_api.create_role(roles[name], {"id": roles[name], "name": name})

project = new_id()
known.resource_api.create_project(project, {
    "id": project, "name": "service", "domain_id": "default", "enabled": True, "description": "the services' own"})

for name, kind in (("neutron", "network"), ("octavia", "load-balancer")):
    user = known.identity_api.create_user({"name": name, "domain_id": "default", "enabled": True, "password": secret})
    for role in (first.admin_role_id, roles["service"]):
        known.assignment_api.add_role_to_user_and_project(user["id"], project, role)
    service = new_id()
    known.catalog_api.create_service(service, {"id": service, "name": name, "type": kind, "enabled": True})
    for interface in ("public", "internal", "admin"):
        endpoint = new_id()
        known.catalog_api.create_endpoint(endpoint, {
            "id": endpoint, "interface": interface, "service_id": service, "region_id": "RegionOne", "enabled": True,
            "url": "http://%s.invalid" % name})
