"""What the verbs print: `cases.py` says of what, `values.py` has labs and runs made by hand."""
