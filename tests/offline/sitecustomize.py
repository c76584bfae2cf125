"""Python runs this at its start wherever PYTHONPATH names this folder: so every child of the suite is watched too."""

import outbound

outbound.watch()
