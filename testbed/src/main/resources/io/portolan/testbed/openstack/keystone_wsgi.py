"""Keystone as gunicorn wants it."""
import sys

sys.argv = ["keystone-wsgi-public"]  # or oslo.config would read gunicorn's own arguments

from keystone.server.wsgi import initialize_public_application

application = initialize_public_application()
