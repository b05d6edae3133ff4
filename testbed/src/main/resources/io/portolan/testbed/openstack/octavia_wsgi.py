"""Octavia's API as gunicorn wants it."""
import os
import sys

sys.argv = ["octavia-wsgi", "--config-file", os.environ["OCTAVIA_CONFIGURATION"]]  # not gunicorn's own

import octavia_sockets  # noqa: F401
from octavia.api.app import setup_app

application = setup_app()

# oslo.policy loads its rules at the first question and refuses what other threads ask meanwhile.
from octavia.common import policy

policy.get_enforcer().load_rules()
