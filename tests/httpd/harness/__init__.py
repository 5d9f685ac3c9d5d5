# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A real httpd of its own for every test, and a client that shares no code
with the modules under test."""
