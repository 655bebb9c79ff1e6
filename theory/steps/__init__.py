"""Steps that several derivations start from: SymPy, from the noise densities."""
