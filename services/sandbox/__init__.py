"""A Braze on this machine: a real HTTP server with simulated people behind it.

Thirds: `routing` (which path, which key, which limit, which fault), `handling` (one function a
path) and `remembering` (what was accepted, what became of it). `world` holds the simulated people.
Nothing here is shared with the Braze client, so one misreading cannot sit on both sides.
"""

FOLDER = "sandbox"  # of a home: everything a sandbox keeps
