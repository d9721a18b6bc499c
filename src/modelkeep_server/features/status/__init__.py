"""Is the registry up: its components, how fast it answers, and the incidents that people who run it write down."""
