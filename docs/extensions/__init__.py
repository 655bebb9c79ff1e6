"""What Sphinx is taught for these pages: built-in mathematics, generated pages, soft references."""
