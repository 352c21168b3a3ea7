"""The network's page: the handsets of a group, to be called from, texted from, answered and watched by people.

Doors: `routes.Page` (what is served) and `hands.Hands` (what a person can do with a handset). Pages are made on the
server and work without JavaScript; with it, what changes comes as server-sent events, a screen at a time. No tables.
It must not know the carrier's API.

Layers, top to bottom: routes → streaming → drawing → village, hands → words.
"""
