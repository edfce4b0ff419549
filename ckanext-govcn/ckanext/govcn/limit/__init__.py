"""How often: logins by account and address, requests of visitors who are not logged in by address.

`windows` (PURE) says whose count a request is and what the answer tells; `counting` counts exactly, in Valkey; `doors`
asks before a request is answered, and before anything of it is written down.
"""
