"""The tests, one folder for each floor, and one for what needs a GPU."""
