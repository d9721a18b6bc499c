"""Sending messages to addresses that people typed: `vetting.py` says where to, `sending.py` does it."""
