"""The audit of a certification log: whether its certificates can be true."""
