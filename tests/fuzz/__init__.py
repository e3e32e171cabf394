"""Inputs that nobody meant, by the thousand: what reads them says what is wrong, or reads on.

    python -m tests.fuzz KIND COUNT SEED [--from FIRST]

A kind is a module of kinds/ with one function, ``attempt(random)``, which makes an input of that
kind with a generator of its own and hands it to what reads such. It may raise LabError; anything
else is a finding. An input is known by kind, seed and number alone: `--from NUMBER` with a count
of 1 makes it again. Of each kind 500 are tried by tests/unit/test_fuzz.py, 5,000 by CI and 200,000
by `make fuzz`.
"""
