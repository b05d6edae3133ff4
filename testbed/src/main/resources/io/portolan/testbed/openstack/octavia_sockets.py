"""Lets the OVN provider find the driver agent's sockets.

ovn-octavia-provider 3.0 ignores [driver_agent] *_socket_path: it makes its DriverLibrary with the built-in paths.
"""
import os

from octavia_lib.api.drivers import driver_lib

directory = os.path.dirname(os.environ["OCTAVIA_CONFIGURATION"])
driver_lib.DriverLibrary.__init__.__defaults__ = tuple(
    os.path.join(directory, name + ".sock") for name in ("status", "stats", "get"))
