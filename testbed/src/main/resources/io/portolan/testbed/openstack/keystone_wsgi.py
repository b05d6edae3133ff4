"""Keystone as gunicorn wants it."""
import sys

sys.argv = ["keystone-wsgi-public"]  # or oslo.config would read gunicorn's own arguments

from keystone.server.wsgi import initialize_public_application

application = initialize_public_application()

# oslo.policy loads its rules at the first question and refuses what other threads ask meanwhile.
from keystone.common.rbac_enforcer import enforcer

rules = enforcer.RBACEnforcer()
rules.suppress_deprecation_warnings = True
rules._enforcer.load_rules()
