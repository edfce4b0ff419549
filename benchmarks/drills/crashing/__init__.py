"""The parts of `./govcn drill crash`.

`catalogue` the records and their edits (PURE) · `server` the portal on the loopback · `platform` our platform seen from
outside: services, jobs, datasets, documents · `phases` where a run is · `scratch` a disk that can be filled ·
`differences` what is lost, doubled, a ghost or outdated (PURE) · `drill` one run after another, each with a fault.
"""
