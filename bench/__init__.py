"""What is measured, against which peer, with one command: `make bench`."""
