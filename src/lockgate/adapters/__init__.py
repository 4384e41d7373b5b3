"""Doors: one for each host, each about a screen long.

A door turns the host's tool call into a `ToolCall`, and the answer into what the host
wants: a value, a message or its own pause. A door decides nothing.
"""
