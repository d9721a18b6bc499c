"""What files say of themselves: one module a format, each a reader of headers over byte ranges."""
