"""One module per claim: the counts that its simulation rung takes."""
