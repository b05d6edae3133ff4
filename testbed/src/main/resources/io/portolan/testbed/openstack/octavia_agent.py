"""Octavia's driver agent, with its sockets where the cloud is."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.argv = ["octavia-driver-agent", "--config-file", os.environ["OCTAVIA_CONFIGURATION"]]

import octavia_sockets  # noqa: E402,F401
from octavia.cmd.driver_agent import main  # noqa: E402

main()
