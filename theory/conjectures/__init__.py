"""Whether a radius that somebody conjectured is sound: the theorist's workbench, as mathematics."""
