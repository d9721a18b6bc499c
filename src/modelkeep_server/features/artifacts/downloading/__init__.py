"""How files go out: who may, the links that open them, what leaves, and what is noted of it."""
